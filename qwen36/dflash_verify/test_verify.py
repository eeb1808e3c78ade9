"""Tests for verification and for the golden property (speculative == autoregressive)."""

import numpy as np

from dflash_verify import autoregressive_decode, speculative_decode, verify_and_accept
from target_model import MinimalTransformer

VOCAB = 64


def make(seed=0):
    return MinimalTransformer(vocab_size=VOCAB, seed=seed), [4, 8, 15]


def test_causal_model():
    model, prompt = make()
    assert np.allclose(model(prompt + [1])[:3], model(prompt))


def test_perfect_chain():
    model, prompt = make()
    truth = autoregressive_decode(prompt, model, 5)
    assert verify_and_accept(prompt, truth[:4], [-1, 0, 1, 2], model) == truth


def test_partial_chain():
    model, prompt = make()
    truth = autoregressive_decode(prompt, model, 5)
    draft = [truth[0], truth[1], (truth[2] + 1) % VOCAB, truth[3]]
    assert verify_and_accept(prompt, draft, [-1, 0, 1, 2], model) == truth[:3]


def test_all_rejected_chain():
    model, prompt = make()
    truth = autoregressive_decode(prompt, model, 1)
    assert verify_and_accept(prompt, [(truth[0] + 1) % VOCAB] * 3, [-1, 0, 1], model) == truth


def test_branching_tree_all_roots_rejected():
    """A branching tree whose roots are all wrong yields exactly the target's token."""
    model, prompt = make()
    truth = autoregressive_decode(prompt, model, 1)
    wrong = [(truth[0] + k) % VOCAB for k in (1, 2, 3)]
    tokens, parents = wrong + [0, 1, 2], [-1, -1, -1, 0, 0, 1]
    assert verify_and_accept(prompt, tokens, parents, model) == truth


def test_subtree_invalidation():
    """Children of a rejected root are not accepted."""
    model, prompt = make(3)
    truth = autoregressive_decode(prompt, model, 3)
    tokens = [(truth[0] + 1) % VOCAB, truth[1], truth[2]]
    assert verify_and_accept(prompt, tokens, [-1, 0, 1], model) == truth[:1]


def test_golden_chain_drafts():
    for seed in range(5):
        model, prompt = make(seed)
        rng = np.random.default_rng(seed)

        def draft(tokens):
            chain = autoregressive_decode(tokens, model, 4)
            keep = int(rng.integers(0, 5))
            chain[keep:] = [(t + 1) % VOCAB for t in chain[keep:]]
            return chain, [-1, 0, 1, 2]

        result = speculative_decode(prompt, model, draft, 20)
        assert result["tokens"] == autoregressive_decode(prompt, model, 20)


def test_golden_random_trees():
    """Random branching trees: practically every drafted token is rejected, the output is exact."""
    model, prompt = make(1)
    rng = np.random.default_rng(0)

    def draft(tokens):
        best = autoregressive_decode(tokens, model, 1)[0]
        drafted = [int(t) for t in rng.integers(0, VOCAB, 6)]
        drafted[0] = (best + 1 + drafted[0] % (VOCAB - 1)) % VOCAB
        return drafted, [-1, -1, 0, 0, 1, 2]

    result = speculative_decode(prompt, model, draft, 15)
    assert result["tokens"] == autoregressive_decode(prompt, model, 15)


def run_all():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        test()
        print(f"PASS {test.__name__}")
    print(f"{len(tests)} passed")


if __name__ == "__main__":
    run_all()
