"""Run: python test_beam_search.py"""

import numpy as np

from beam_search import MinimalLM, batched_beam_search, log_softmax


class TableLM:
    """Probabilities by the generated part of the prefix; uniform otherwise."""

    def __init__(self, prompt_len, table, vocab_size):
        self.prompt_len, self.table, self.vocab_size = prompt_len, table, vocab_size

    def forward(self, token_ids):
        p = np.full(self.vocab_size, 1e-4)
        for t, q in self.table.get(tuple(token_ids[self.prompt_len:]), {}).items():
            p[t] = q
        return np.log(p / p.sum())


def test_greedy():
    model = MinimalLM(vocab_size=50, d_model=16, num_heads=2)
    prompt, tokens = [4, 7, 9], []
    for _ in range(8):
        t = int(np.argmax(model.forward(prompt + tokens)))
        tokens.append(t)
        if t == 2:
            break
    (got, score), = batched_beam_search(model, [prompt], 1, 8)[0]
    assert got == tokens
    lp = sum(log_softmax(model.forward(prompt + tokens[:i]))[t] for i, t in enumerate(tokens))
    assert abs(score - lp / len(tokens) ** 0.6) < 1e-10


def test_eos_retention():
    """EOS at step 1 with p = 0.5 must still be first after four more steps of weak extensions."""
    table = {(): {2: 0.5, 5: 0.3, 6: 0.15}}
    for n in range(1, 5):
        table.update({(5,) * n: {5: 0.3, 6: 0.3, 7: 0.3}})
    beams = batched_beam_search(TableLM(2, table, 12), [[1, 3]], 2, 5)[0]
    assert beams[0][0] == [2]
    assert abs(beams[0][1] - np.log(0.5)) < 0.1
    assert len(beams[1][0]) > 1


def test_length_penalty_prefers_longer():
    table = {(): {2: 0.5, 5: 0.45}, (5,): {6: 0.95}, (5, 6): {2: 0.95}}
    lm = TableLM(1, table, 10)
    assert batched_beam_search(lm, [[1]], 2, 4, alpha=0.0)[0][0][0] == [2]
    assert batched_beam_search(lm, [[1]], 2, 4, alpha=1.0)[0][0][0] == [5, 6, 2]


def test_batch_equals_single():
    model = MinimalLM(vocab_size=40, d_model=16, num_heads=2, seed=1)
    prompts = [[1, 2, 3], [9], [4, 4, 8, 20]]
    together = batched_beam_search(model, prompts, 3, 5)
    for p, r in zip(prompts, together):
        assert batched_beam_search(model, [p], 3, 5)[0] == r


if __name__ == "__main__":
    for name, fn in list(globals().items()):
        if name.startswith("test_"):
            fn()
            print(f"{name}: ok")
