"""Batched beam search with length penalty, NumPy only."""

import numpy as np


class MinimalLM:
    """One-block causal transformer with fixed random weights.

    forward(token_ids) returns the logits at the last position, shape (vocab_size,).
    """

    def __init__(self, vocab_size=1000, d_model=64, num_heads=4, seed=0):
        rng = np.random.RandomState(seed)
        self.vocab_size = vocab_size
        self.d_model = d_model
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        s = 1.0 / np.sqrt(d_model)
        self.embed = rng.randn(vocab_size, d_model)
        self.wq = rng.randn(d_model, d_model) * s
        self.wk = rng.randn(d_model, d_model) * s
        self.wv = rng.randn(d_model, d_model) * s
        self.wo = rng.randn(d_model, d_model) * s
        self.w1 = rng.randn(d_model, 4 * d_model) * s
        self.w2 = rng.randn(4 * d_model, d_model) * 0.5 * s
        self.head = rng.randn(d_model, vocab_size) * 2 * s

    @staticmethod
    def _norm(x):
        mu = x.mean(axis=-1, keepdims=True)
        return (x - mu) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)

    def _attention(self, x):
        t = x.shape[0]
        split = lambda y: y.reshape(t, self.num_heads, self.head_dim).transpose(1, 0, 2)
        q, k, v = split(x @ self.wq), split(x @ self.wk), split(x @ self.wv)
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(self.head_dim)
        scores = np.where(np.tril(np.ones((t, t), dtype=bool)), scores, -np.inf)
        scores = scores - scores.max(axis=-1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=-1, keepdims=True)
        return (p @ v).transpose(1, 0, 2).reshape(t, self.d_model) @ self.wo

    def forward(self, token_ids):
        x = self.embed[np.asarray(token_ids)]
        x = x + self._attention(self._norm(x))
        x = x + np.maximum(self._norm(x) @ self.w1, 0) @ self.w2
        return self._norm(x)[-1] @ self.head


def log_softmax(logits):
    m = np.max(logits)
    return logits - m - np.log(np.sum(np.exp(logits - m)))


class _Beam:
    __slots__ = ("tokens", "log_prob", "finished")

    def __init__(self, tokens, log_prob, finished):
        self.tokens = tokens        # generated tokens only
        self.log_prob = log_prob    # raw, never length-normalised
        self.finished = finished

    def score(self, alpha):
        n = len(self.tokens)
        return self.log_prob / (n ** alpha) if n > 0 else 0.0


def _search(model, prompt, beam_width, max_new_tokens, alpha, eos_token_id):
    beams = [_Beam([], 0.0, False)]
    for _ in range(max_new_tokens):
        if all(b.finished for b in beams):
            break
        # Finished beams go through unchanged and compete with every extension.
        pool = [b for b in beams if b.finished]
        for b in beams:
            if b.finished:
                continue
            lp = log_softmax(model.forward(list(prompt) + b.tokens))
            n = min(2 * beam_width, lp.shape[0])
            top = np.argpartition(lp, -n)[-n:]
            for t in top:
                t = int(t)
                pool.append(_Beam(b.tokens + [t], b.log_prob + float(lp[t]), t == eos_token_id))
        pool.sort(key=lambda b: b.score(alpha), reverse=True)
        beams = pool[:beam_width]
    beams.sort(key=lambda b: b.score(alpha), reverse=True)
    return [(b.tokens, b.score(alpha)) for b in beams]


def batched_beam_search(model, prompt_token_ids, beam_width, max_new_tokens, alpha=0.6, eos_token_id=2):
    """Beam search for each prompt. Returns, per prompt, a list of (generated_tokens, score)."""
    return [
        _search(model, p, beam_width, max_new_tokens, alpha, eos_token_id) for p in prompt_token_ids
    ]
