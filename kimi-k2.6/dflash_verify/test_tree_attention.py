#!/usr/bin/env python3
"""python3 test_tree_attention.py"""

import numpy as np

from tree_attention import NumpyTransformer, TreeNode, build_tree_mask, flatten, greedy, verify_and_accept


def check_mask():
    tokens, parents = flatten([TreeNode(1, [TreeNode(2), TreeNode(3)]), TreeNode(4)])
    assert (tokens, parents) == ([1, 2, 3, 4], [-1, 0, 0, -1])
    mask = build_tree_mask(2, parents)
    assert np.isneginf(mask[4, 3]) and np.isneginf(mask[5, 2:5]).all() and mask[4, 2] == 0


def check_chain(model, prompt):
    truth = greedy(model, prompt, 6)
    for right in range(6):
        chain = truth[:right] + [(t + 1) % model.vocab for t in truth[right:5]]
        accepted, _ = verify_and_accept(prompt, chain, list(range(-1, 4)), model)
        assert accepted == truth[: min(right + 1, 5)], (right, accepted, truth)


def check_rejected_tree(model, prompt):
    """All roots of a branching tree are wrong: one token comes back, the target's."""
    best = greedy(model, prompt, 1)[0]
    roots = [TreeNode((best + k) % model.vocab, [TreeNode(k), TreeNode(k + 1)]) for k in (1, 2, 3)]
    assert verify_and_accept(prompt, *flatten(roots), model)[0] == [best]


def check_golden(model, prompt):
    truth, made, r = greedy(model, prompt, 24), [], np.random.default_rng(0)
    while len(made) < 20:
        chain = truth[len(made) : len(made) + 3]
        if r.random() < 0.5:
            chain[-1] = (chain[-1] + 1) % model.vocab
        made += verify_and_accept(prompt + made, chain, [-1, 0, 1], model)[0]
    assert made == truth[: len(made)]


if __name__ == "__main__":
    check_mask()
    for seed in range(3):
        lm = NumpyTransformer(seed=seed)
        for check in (check_chain, check_rejected_tree, check_golden):
            check(lm, [7, 3, 11, seed])
    print("all checks passed")
