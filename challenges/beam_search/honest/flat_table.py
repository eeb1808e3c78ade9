"""Beam search over one flat (K, V) table a step: a finished beam's row holds itself in one column.

All prompts advance together. Dead rows have a score of minus infinity, and may end a list. The
model is asked for all positions, logits (1, T, V). Everything is float32.
"""

import numpy as np

DEAD = np.float32(-np.inf)


class RunningSumModel:
    """Logits (n, T, V) at all positions from a running sum of embeddings."""

    def __init__(self, vocab_size=31, width=6, seed=0):
        rng = np.random.RandomState(seed)
        self.vocab_size = vocab_size
        self.table = rng.randn(vocab_size, width).astype(np.float32)

    def forward(self, tokens):
        hidden = np.cumsum(self.table[np.asarray(tokens)], axis=1)
        return np.sin(hidden) @ self.table.T


class State:
    """K beams of one prompt."""

    def __init__(self, prompt, width):
        self.prompt = list(prompt)
        self.tokens = [[] for _ in range(width)]
        self.sums = np.full(width, DEAD)
        self.sums[0] = 0.0
        self.done = np.zeros(width, dtype=bool)

    def active(self):
        return [i for i in range(len(self.sums)) if not self.done[i] and np.isfinite(self.sums[i])]


def log_softmax(row):
    row = row.astype(np.float32)
    row = row - row.max()
    return row - np.log(np.sum(np.exp(row)))


def advance(state, model, alpha, eos_token_id):
    active = state.active()
    if not active:
        return
    width = len(state.sums)
    rows = {i: log_softmax(model.forward([state.prompt + state.tokens[i]])[0, -1]) for i in active}
    size = len(rows[active[0]])
    sums = np.full((width, max(size, 1)), DEAD)
    lengths = np.ones((width, 1), dtype=np.float32)
    for i in range(width):
        lengths[i] = max(len(state.tokens[i]) + (i in rows), 1)
        if i in rows:
            sums[i] = state.sums[i] + rows[i]
        elif state.done[i]:
            sums[i, eos_token_id] = state.sums[i]
    ranks = sums / lengths ** np.float32(alpha)
    best = np.argsort(-ranks, axis=None, kind="stable")[:width]
    tokens, done = [], []
    for flat in best:
        i, token = divmod(int(flat), size)
        extended = i in rows and np.isfinite(sums[i, token])
        tokens.append(state.tokens[i] + [token] if extended else state.tokens[i])
        done.append(bool(state.done[i]) if not extended else token == eos_token_id)
    state.tokens, state.sums = tokens, sums.ravel()[best]
    state.done = np.array(done)


def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model):
    states = [State(prompt, beam_width) for prompt in prompts]
    for _ in range(max_new_tokens):
        for state in states:
            advance(state, model, alpha, eos_token_id)
    results = []
    for state in states:
        lengths = np.array([max(len(t), 1) for t in state.tokens], dtype=np.float32)
        scores = state.sums / lengths ** np.float32(alpha)
        order = np.argsort(-scores, kind="stable")
        results.append([{"tokens": state.tokens[i], "score": scores[i]} for i in order])
    return results
