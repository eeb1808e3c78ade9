"""Scaled dot-product attention: the trusted answer, and an honest one in any dtype.

O = softmax(Q K^T / sqrt(D)) V, row by row over the keys that a query may see (Vaswani et al.,
Attention Is All You Need, arXiv:1706.03762, section 3.2.1). The tiled form is that of Dao et al.,
FlashAttention, arXiv:2205.14135, algorithm 1, on the online softmax of Milakov and Gimelshein,
arXiv:1805.02867.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def reference(Q: Array, K: Array, V: Array, causal: bool) -> dict[str, Array]:
    """Return O of shape (B, H, N, D) in float64.

    The whole score matrix at once, in extended precision where the platform has it, so that its own
    rounding does not count against a float64 output.
    """
    Q, K, V = (a.astype(np.longdouble) for a in (Q, K, V))
    scores = np.einsum("bhid,bhjd->bhij", Q, K) / np.sqrt(np.longdouble(Q.shape[-1]))
    if causal:
        scores[..., ~np.tri(Q.shape[2], dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return {"O": np.einsum("bhij,bhjd->bhid", weights, V).astype(np.float64)}


def baseline(Q: Array, K: Array, V: Array, causal: bool) -> dict[str, Array]:
    """The same output in the dtype of the inputs, off by what an honest output may lose.

    One key at a time, which rescales most often. An output may also merge tiles by their
    log-sum-exp, which is as large as the scores and so is rounded by u |s|: hence the last factor.
    """
    scale = Q.dtype.type(1 / np.sqrt(Q.shape[-1]))
    top = np.full((*Q.shape[:3], 1), -np.inf, Q.dtype)
    total, out, largest = np.zeros_like(top), np.zeros_like(Q), np.zeros_like(top)
    for j in range(K.shape[2]):
        rows = np.s_[:, :, j if causal else 0 :]
        score = np.einsum("bhid,bhd->bhi", Q[rows], K[:, :, j])[..., None] * scale
        new = np.maximum(top[rows], score)
        keep, weight = np.exp(top[rows] - new), np.exp(score - new)
        total[rows] = total[rows] * keep + weight
        out[rows] = out[rows] * keep + weight * V[:, :, j : j + 1]
        top[rows] = new
        largest[rows] = np.maximum(largest[rows], abs(score))
    return {"O": out / total * (1 + 2 * np.finfo(Q.dtype).eps * largest)}
