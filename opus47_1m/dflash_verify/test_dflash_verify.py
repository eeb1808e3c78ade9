"""Golden property on random trees, and the cases that break careless indexing."""

import numpy as np

from dflash_verify import TargetModel, build_tree_mask, verify_and_accept


def greedy(model, prompt, count):
    seq = list(prompt)
    for _ in range(count):
        mask = np.tri(len(seq), dtype=bool)
        seq.append(int(model.forward(np.array(seq), mask)[-1].argmax()))
    return seq[len(prompt):]


def random_tree(rng, truth, vocab, nodes):
    tokens, parents, on_path = [], [], {-1: 0}
    for i in range(nodes):
        parent = int(rng.integers(-1, i))
        token = int(rng.integers(vocab))
        if parent in on_path and rng.random() < 0.6:
            token = truth[on_path[parent]]
        if parent in on_path and token == truth[on_path[parent]]:
            on_path[i] = on_path[parent] + 1
        tokens.append(token)
        parents.append(parent)
    return tokens, parents


def test_logits_in_a_tree_equal_logits_alone():
    model, prompt, parents = TargetModel(), [1, 2, 3], [-1, -1, 1, 0, 2]
    tokens = [4, 5, 6, 7, 8]
    rows = model.forward(np.array(prompt + tokens), build_tree_mask(3, parents))
    alone = model.forward(np.array([1, 2, 3, 5, 6, 8]), np.tri(6, dtype=bool))
    assert np.allclose(rows[[3 + 1, 3 + 2, 3 + 4]], alone[3:], atol=1e-12)


def test_golden_property():
    rng = np.random.default_rng(0)
    for seed in range(6):
        model, prompt = TargetModel(vocab_size=12, seed=seed), rng.integers(0, 12, 4).tolist()
        truth, made = greedy(model, prompt, 40), []
        while len(made) < 20:
            tree = random_tree(rng, truth[len(made):], 12, int(rng.integers(0, 9)))
            accepted, new_token = verify_and_accept(prompt + made, *tree, model)
            made += accepted + [new_token]
        assert made == truth[: len(made)]


def test_wrong_sibling_after_the_right_one():
    model = TargetModel()
    a, b, c = greedy(model, [9, 9], 3)
    assert verify_and_accept([9, 9], [a, (a + 1) % 50], [-1, -1], model) == ([a], b)
    assert verify_and_accept([9, 9], [(a + 1) % 50, b, a, b], [-1, 0, -1, 2], model) == ([a, b], c)


if __name__ == "__main__":
    test_logits_in_a_tree_equal_logits_alone()
    test_golden_property()
    test_wrong_sibling_after_the_right_one()
    print("ok")
