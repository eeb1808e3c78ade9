"""Tests of the decoder. Run as a script."""

from __future__ import annotations

import itertools

import numpy as np

from beam_search import TinyTransformer, batched_beam_search, log_softmax


class Scripted:
    """Distribution by generated suffix; what is left of the mass is spread over all other tokens."""

    def __init__(self, prompt_length: int, script: dict[tuple[int, ...], dict[int, float]], vocab_size: int):
        self.prompt_length, self.script, self.vocab_size = prompt_length, script, vocab_size

    def get_log_probs(self, token_ids: np.ndarray) -> np.ndarray:
        chosen = self.script.get(tuple(int(t) for t in token_ids[self.prompt_length :]), {})
        rest = (1 - sum(chosen.values())) / (self.vocab_size - len(chosen))
        probs = np.full(self.vocab_size, rest)
        for token, p in chosen.items():
            probs[token] = p
        return np.log(probs)


def brute_force(model, prompt, steps, alpha, eos):
    """Every complete sequence with its score, best first."""
    complete = []
    for n in range(1, steps + 1):
        for seq in itertools.product(range(model.vocab_size), repeat=n):
            ended = seq[-1] == eos
            if eos in seq[:-1] or (n < steps and not ended):
                continue
            lp = sum(model.get_log_probs(np.array([*prompt, *seq[:i]]))[t] for i, t in enumerate(seq))
            complete.append((list(seq), lp / n**alpha))
    return sorted(complete, key=lambda pair: -pair[1])


def test_wide_beam_is_exhaustive():
    model = TinyTransformer(vocab_size=4, dim=8, seed=3)
    want = brute_force(model, [2, 3], 3, 0.8, eos=1)
    got = batched_beam_search([[2, 3]], len(want) + 5, 3, 0.8, 1, model=model)[0]
    assert [b["tokens"] for b in got] == [tokens for tokens, _ in want]
    assert np.allclose([b["score"] for b in got], [score for _, score in want])


def test_one_beam_is_greedy():
    model, prompt, tokens = TinyTransformer(seed=1), [5, 6, 7], []
    while len(tokens) < 10 and tokens[-1:] != [1]:
        tokens.append(int(model.get_log_probs(np.array(prompt + tokens)).argmax()))
    assert batched_beam_search([prompt], 1, 10, 0.6, 1, model=model)[0][0]["tokens"] == tokens


def test_early_end_survives_and_wins():
    script = {(): {1: 0.5, 4: 0.3, 5: 0.1}, (4,): {6: 0.3, 7: 0.2}, (4, 6): {6: 0.3}}
    beams = batched_beam_search([[2, 2]], 2, 6, 0.6, 1, model=Scripted(2, script, 12))[0]
    assert beams[0]["tokens"] == [1] and beams[0]["finished"]
    assert np.isclose(beams[0]["score"], np.log(0.5))
    assert not beams[1]["finished"]


def test_finished_beam_takes_a_slot():
    script = {(): {1: 0.45, 4: 0.4, 5: 0.12}, (4,): {6: 0.15, 7: 0.1}, (5,): {8: 0.98}}
    beams = batched_beam_search([[3]], 2, 2, 0.0, 1, model=Scripted(1, script, 14))[0]
    assert [b["tokens"] for b in beams] == [[1], [4, 6]]


def test_longer_beam_overtakes_with_penalty():
    script = {(): {1: 0.5, 4: 0.48}, (4,): {5: 0.95}, (4, 5): {1: 0.95}}
    model = Scripted(1, script, 10)
    assert batched_beam_search([[0]], 2, 4, 0.0, 1, model=model)[0][0]["tokens"] == [1]
    assert batched_beam_search([[0]], 2, 4, 1.0, 1, model=model)[0][0]["tokens"] == [4, 5, 1]


def test_prompts_are_independent():
    model = TinyTransformer(seed=2)
    prompts = [[3, 4, 5], [9], [8, 8, 8, 2]]
    together = batched_beam_search(prompts, 3, 5, 0.6, 1, model=model)
    assert together == [batched_beam_search([p], 3, 5, 0.6, 1, model=model)[0] for p in prompts]


def test_log_softmax_is_stable():
    assert np.allclose(np.exp(log_softmax(np.array([1e4, 1e4, -1e4]))), [0.5, 0.5, 0])


if __name__ == "__main__":
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
