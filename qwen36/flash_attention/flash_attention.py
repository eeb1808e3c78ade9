"""
Flash Attention (forward) in NumPy
==================================

Q, K, V: (B, H, N, D). The N x N score matrix is never formed: scores exist for one
(tile_size x tile_size) block at a time, for all batches and heads together.
"""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

import numpy as np


def tile_ranges(length: int, tile_size: int) -> Iterator[Tuple[int, int]]:
    """Yield (start, end) of each tile; the last one may be shorter."""
    for start in range(0, length, tile_size):
        yield start, min(start + tile_size, length)


def causal_block_mask(q_range: Tuple[int, int], k_range: Tuple[int, int]) -> Optional[np.ndarray]:
    """True where a key is hidden, or None if every key of the block is visible."""
    if k_range[1] - 1 <= q_range[0]:
        return None
    q_pos = np.arange(*q_range)
    k_pos = np.arange(*k_range)
    return k_pos[None, :] > q_pos[:, None]


def flash_attention_fwd(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, tile_size: int, causal: bool = False
) -> np.ndarray:
    """
    Tiled attention with an online softmax.

    Parameters
    ----------
    Q, K, V : arrays of shape (B, H, N, D)
    tile_size : rows of Q and of K/V in one tile
    causal : whether position i sees only positions 0..i

    Returns
    -------
    O : array of shape (B, H, N, D)
    """
    B, H, N, D = Q.shape
    scale = Q.dtype.type(D**-0.5)
    O = np.empty_like(Q)

    for qs, qe in tile_ranges(N, tile_size):
        q_block = Q[:, :, qs:qe]
        m_i = np.full((B, H, qe - qs, 1), -np.inf, dtype=Q.dtype)
        l_i = np.zeros_like(m_i)
        o_i = np.zeros((B, H, qe - qs, D), dtype=Q.dtype)

        for ks, ke in tile_ranges(N, tile_size):
            if causal and ks > qe - 1:
                break
            s = np.einsum("bhqd,bhkd->bhqk", q_block, K[:, :, ks:ke]) * scale
            mask = causal_block_mask((qs, qe), (ks, ke)) if causal else None
            if mask is not None:
                s = np.where(mask, -np.inf, s)

            m_new = np.maximum(m_i, np.max(s, axis=-1, keepdims=True))
            p = np.exp(s - m_new)
            rescale = np.exp(m_i - m_new)
            l_i = l_i * rescale + np.sum(p, axis=-1, keepdims=True)
            o_i = o_i * rescale + np.einsum("bhqk,bhkd->bhqd", p, V[:, :, ks:ke])
            m_i = m_new

        O[:, :, qs:qe] = o_i / l_i
    return O
