"""Full recomputation of a stack of causal self-attention layers: the answer a cache must reproduce.

Attention: Vaswani et al., "Attention Is All You Need" (2017), section 3.2,
softmax(Q K^T / sqrt(d_k)) V per head, here with a causal mask and a residual connection per layer.
Computed row by row over the whole sequence, so that no cache, chunk or padding exists in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Softmax = Callable[[Array], Array]


def softmax_by_sum(scores: Array) -> Array:
    """exp(s - max) over its sum, along the last axis."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    out: Array = weights / weights.sum(axis=-1, keepdims=True)
    return out


def softmax_by_log_sum(scores: Array) -> Array:
    """exp(s - log sum exp(s)): as good in exact arithmetic, with rounding of the order of u |s|."""
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    log_sum = top + np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))
    out: Array = np.exp(scores - log_sum)
    return out


def stack(
    x: Array,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    w_o: Array,
    num_heads: int,
    chunks: Sequence[int],
    lengths: Array | None = None,
    softmax: Softmax = softmax_by_sum,
    **_: Any,
) -> dict[str, Array]:
    """Hidden states after all layers, `{"y": (S, B, N, D)}`, zero where a position is padding.

    x: (S, B, N, D), S independent streams. w_*: (L, D, D), used as x @ w.
    chunks: how the N positions are split; lengths: (C, B), how many of each chunk are real.
    """
    valid = valid_positions(chunks, lengths, x.shape[1])
    y = np.zeros_like(x)
    for stream in range(x.shape[0]):
        for row, keep in enumerate(valid):
            hidden = x[stream, row, keep]
            for weights in zip(w_q, w_k, w_v, w_o, strict=True):
                hidden = hidden + attention(hidden, *weights, num_heads, softmax)
            y[stream, row, keep] = hidden
    return {"y": y}


def valid_positions(chunks: Sequence[int], lengths: Array | None, batch: int) -> Array:
    """(B, N) booleans: the first lengths[c, b] positions of chunk c are real in row b."""
    if lengths is None:
        return np.ones((batch, sum(chunks)), dtype=bool)
    columns = [
        np.arange(size)[None, :] < np.asarray(real)[:, None]
        for size, real in zip(chunks, lengths, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def attention(
    x: Array,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    w_o: Array,
    num_heads: int,
    softmax: Softmax = softmax_by_sum,
) -> Array:
    """Causal multi-head attention of one sequence: (N, D) -> (N, D), in the dtype of x."""
    length, width = x.shape
    q, k, v = ((x @ w).reshape(length, num_heads, -1) for w in (w_q, w_k, w_v))
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(x.dtype.type(width // num_heads))
    later = np.triu(np.ones((length, length), dtype=bool), k=1)
    scores[:, later] = -np.inf
    weights = softmax(scores)
    out: Array = np.einsum("hij,jhd->ihd", weights, v).reshape(length, width) @ w_o
    return out


def largest_score(x: Array, w_q: Array, w_k: Array, num_heads: int) -> float:
    """The largest |q k^T| / sqrt(d) among the tokens of x (..., N, D), in any row and head."""
    split = (*x.shape[:-1], num_heads, -1)
    q, k = (x @ w_q).reshape(split), (x @ w_k).reshape(split)
    scores = np.einsum("...ihd,...jhd->...hij", q, k) / np.sqrt(q.shape[-1])
    return float(np.abs(scores).max())


def less_exact_stack(**call: Any) -> dict[str, Array]:
    """The same by the least exact of the usual formulas: the rounding that an output may have."""
    return stack(**call, softmax=softmax_by_log_sum)
