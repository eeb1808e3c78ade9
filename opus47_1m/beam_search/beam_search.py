"""Batched beam search with a length penalty, in NumPy.

    score(beam) = log P(generated tokens | prompt) / len(generated tokens) ** alpha

See NOTES.md for the invariants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Sequence

import numpy as np


class LanguageModel(Protocol):
    """What the decoder needs of a model."""

    vocab_size: int

    def get_log_probs(self, token_ids: np.ndarray) -> np.ndarray:
        """Log-probabilities (vocab_size,) of the token after `token_ids` (T,)."""
        ...


class TinyTransformer:
    """A single-layer, single-head transformer with random weights; enough to decode from.

    Deterministic: the same seed and prefix always give the same distribution.
    """

    def __init__(self, vocab_size: int = 64, dim: int = 24, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.vocab_size = vocab_size
        self.dim = dim
        self._embedding = rng.normal(0.0, 1.0, (vocab_size, dim))
        self._qkv = rng.normal(0.0, dim**-0.5, (3, dim, dim))
        self._mlp_in = rng.normal(0.0, dim**-0.5, (dim, 4 * dim))
        self._mlp_out = rng.normal(0.0, (4 * dim) ** -0.5, (4 * dim, dim))
        self._unembedding = rng.normal(0.0, 2.0 * dim**-0.5, (dim, vocab_size))

    def get_log_probs(self, token_ids: np.ndarray) -> np.ndarray:
        """Log-probabilities (vocab_size,) of the next token."""
        x = self._embedding[np.asarray(token_ids, dtype=np.int64)]
        x = x + self._position(len(x))
        q, k, v = (x @ w for w in self._qkv)
        # Only the last query is needed, and it may see every key: no mask.
        weights = q[-1] @ k.T / np.sqrt(self.dim)
        weights = np.exp(weights - weights.max())
        h = x[-1] + (weights / weights.sum()) @ v
        h = h + np.maximum(h @ self._mlp_in, 0.0) @ self._mlp_out
        h = h / np.sqrt(np.mean(h * h) + 1e-6)
        return log_softmax(h @ self._unembedding)

    def _position(self, length: int) -> np.ndarray:
        """Sinusoidal position encodings (length, dim)."""
        angle = np.arange(length)[:, None] / 10_000 ** (np.arange(self.dim // 2)[None, :] * 2 / self.dim)
        return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Stable log-softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Beam:
    """A hypothesis: its generated tokens (prompt excluded), raw log-probability, whether it ended."""

    tokens: tuple[int, ...]
    logprob: float
    finished: bool

    @property
    def length(self) -> int:
        """Generated tokens, the end token included."""
        return len(self.tokens)

    def score(self, alpha: float) -> float:
        """Length-normalised log-probability; 0 for the empty beam."""
        return self.logprob / self.length**alpha if self.tokens else 0.0

    def extended(self, token: int, logprob: float, eos_token_id: int) -> Beam:
        """This beam with one more token."""
        return Beam((*self.tokens, token), self.logprob + logprob, token == eos_token_id)


def top_tokens(log_probs: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` largest entries (all, if there are fewer), in no particular order."""
    if count >= log_probs.size:
        return np.arange(log_probs.size)
    return np.argpartition(-log_probs, count)[:count]


def step(
    beams: list[Beam], prompt: np.ndarray, model: LanguageModel, beam_width: int, alpha: float, eos_token_id: int
) -> list[Beam]:
    """One step for one prompt: the K best of finished beams and extensions, best first."""
    pool = [beam for beam in beams if beam.finished]
    for beam in beams:
        if beam.finished:
            continue
        log_probs = model.get_log_probs(np.concatenate([prompt, np.array(beam.tokens, dtype=np.int64)]))
        pool.extend(
            beam.extended(int(t), float(log_probs[t]), eos_token_id)
            for t in top_tokens(log_probs, 2 * beam_width)
        )
    return sorted(pool, key=lambda beam: beam.score(alpha), reverse=True)[:beam_width]


def batched_beam_search(
    prompts: Sequence[Sequence[int]],
    beam_width: int,
    max_new_tokens: int,
    alpha: float = 0.6,
    eos_token_id: int = 1,
    *,
    model: LanguageModel,
) -> list[list[dict]]:
    """The `beam_width` best continuations of each prompt, best first.

    Each is a dict: `tokens` (generated, end token included), `score`, `logprob` (raw), `finished`.
    """
    if beam_width < 1:
        raise ValueError(f"beam_width must be positive, got {beam_width}")
    states = [[Beam((), 0.0, False)] for _ in prompts]
    arrays = [np.asarray(prompt, dtype=np.int64) for prompt in prompts]
    for _ in range(max_new_tokens):
        for i, beams in enumerate(states):
            if not all(beam.finished for beam in beams):
                states[i] = step(beams, arrays[i], model, beam_width, alpha, eos_token_id)
    return [
        [
            {"tokens": list(b.tokens), "score": b.score(alpha), "logprob": b.logprob, "finished": b.finished}
            for b in beams
        ]
        for beams in states
    ]
