"""Tests of scoring, hypotheses, model and search. Run: python test_beam_search.py"""

import itertools

import numpy as np

from beam_search import batched_beam_search, greedy_search
from hypothesis import BeamPool, Hypothesis
from model import ModelConfig, TransformerLM
from scoring import length_normalised, log_softmax, top_k


def small(vocab=30, seed=5):
    return TransformerLM(ModelConfig(vocab_size=vocab, dim=16, n_heads=2, n_layers=1, ffn_dim=24, seed=seed))


class Scripted:
    """Probabilities by generated suffix."""

    def __init__(self, prompt_len, script, vocab):
        self.prompt_len, self.script, self.vocab = prompt_len, script, vocab

    def forward(self, tokens):
        rows = []
        for row in np.asarray(tokens).tolist():
            p = np.full(self.vocab, 1e-3)
            for token, value in self.script.get(tuple(row[self.prompt_len:]), {}).items():
                p[token] = value
            rows.append(np.log(p / p.sum()))
        return np.array(rows)


# --- scoring ---

def test_log_softmax_sums_to_one():
    x = np.random.default_rng(0).normal(size=(3, 9)) * 50
    assert np.allclose(np.exp(log_softmax(x)).sum(-1), 1)


def test_log_softmax_large_offset():
    assert np.allclose(log_softmax(np.array([1e5, 1e5 + 1])), log_softmax(np.array([0.0, 1.0])))


def test_top_k_sorted():
    values, index = top_k(np.array([[3.0, 9.0, 1.0, 7.0]]), 3)
    assert values.tolist() == [[9.0, 7.0, 3.0]] and index.tolist() == [[1, 3, 0]]


def test_top_k_more_than_there_are():
    assert top_k(np.array([[1.0, 2.0]]), 10)[1].tolist() == [[1, 0]]


def test_length_normalised():
    assert np.isclose(length_normalised(-4.0, 4, 0.5), -2.0)
    assert length_normalised(-4.0, 7, 0.0) == -4.0


# --- hypotheses ---

def test_child_leaves_parent_alone():
    parent = Hypothesis([1, 2])
    child = parent.child(9, -0.5, 0.6, eos_id=9)
    assert parent.tokens == [1, 2] and child.tokens == [1, 2, 9] and child.is_finished


def test_pool_keeps_finished():
    pool = BeamPool([1], 2)
    done = Hypothesis([1, 0], 1, -0.1, True, -0.1)
    pool.hypotheses = [done, Hypothesis([1, 4], 1, -0.3, False, -0.3)]
    pool.update([Hypothesis([1, 4, n], 2, -0.5 - n, False, -0.4 - n) for n in range(3)])
    assert pool.hypotheses[0] is done and len(pool.hypotheses) == 2


# --- model ---

def test_model_rows_are_independent():
    model = small()
    both = model.forward([[1, 2, 3], [4, 5, 6]])
    assert np.allclose(both[1], model.forward([[4, 5, 6]])[0])


def test_model_is_deterministic():
    assert np.array_equal(small().forward([[3, 1]]), small().forward([[3, 1]]))


# --- search ---

def test_width_one_is_greedy():
    model = small()
    for prompt in ([3, 4], [9], [1, 2, 3, 4]):
        assert batched_beam_search([prompt], model, 1, 7)[0][0].tokens == greedy_search(prompt, model, 7, 0)


def test_scores_are_sorted():
    for hypotheses in batched_beam_search([[3], [4, 5]], small(), 5, 6):
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)


def test_early_eos_is_retained():
    script = {(): {0: 0.5, 3: 0.3, 4: 0.15}}
    best = batched_beam_search([[7, 7]], Scripted(2, script, 25), 2, 5)[0][0]
    assert best.tokens == [7, 7, 0] and best.num_new == 1


def test_longer_finish_wins_with_alpha():
    script = {(): {0: 0.5, 3: 0.48}, (3,): {4: 0.95}, (3, 4): {0: 0.95}}
    model = Scripted(1, script, 12)
    assert batched_beam_search([[1]], model, 2, 4, 0.0)[0][0].tokens == [1, 0]
    assert batched_beam_search([[1]], model, 2, 4, 1.0)[0][0].tokens == [1, 3, 4, 0]


def test_exhaustive_on_tiny_vocabulary():
    model, eos = small(vocab=4, seed=2), 0
    best = {}
    for n in (1, 2, 3):
        for seq in itertools.product(range(4), repeat=n):
            if eos in seq[:-1] or (n < 3 and seq[-1] != eos):
                continue
            total = sum(
                log_softmax(model.forward([[2, 1, *seq[:i]]]))[0, t] for i, t in enumerate(seq)
            )
            best[seq] = total / n ** 0.6
    want = sorted(best, key=best.get, reverse=True)
    got = batched_beam_search([[2, 1]], model, 64, 3)[0]
    assert [tuple(h.tokens[2:]) for h in got] == want


def test_batch_does_not_matter():
    model, prompts = small(), [[1, 2], [3], [4, 5, 6]]
    together = batched_beam_search(prompts, model, 3, 5)
    for prompt, hypotheses in zip(prompts, together):
        alone = batched_beam_search([prompt], model, 3, 5)[0]
        assert [h.tokens for h in alone] == [h.tokens for h in hypotheses]


def test_default_model():
    assert len(batched_beam_search([[1, 2]], beam_width=2, max_new_tokens=2)[0]) == 2


if __name__ == "__main__":
    tests = [(name, fn) for name, fn in list(globals().items()) if name.startswith("test_")]
    for name, fn in tests:
        fn()
        print(f"PASS {name}")
    print(f"{len(tests)} passed")
