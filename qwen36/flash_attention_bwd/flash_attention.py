"""
Flash Attention: forward and backward in NumPy
==============================================

All arrays have shape (B, H, N, D). Forward returns O and a cache with O, L, Q, K, V, where
L = m + log(l) is the log-sum-exp of every row of scores. Backward recomputes the probabilities of
one tile at a time from L.
"""

from __future__ import annotations

from typing import Dict, Tuple

import numpy as np

from tiling import block_scores, tile_ranges

Cache = Dict[str, np.ndarray]


def flash_attention_fwd(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, tile_size: int, causal: bool = True
) -> Tuple[np.ndarray, Cache]:
    """Tiled forward pass with an online softmax."""
    B, H, N, D = Q.shape
    O = np.zeros_like(Q)
    L = np.zeros((B, H, N), dtype=Q.dtype)

    for qs, qe in tile_ranges(N, tile_size):
        m_i = np.full((B, H, qe - qs), -np.inf, dtype=Q.dtype)
        l_i = np.zeros((B, H, qe - qs), dtype=Q.dtype)
        o_i = np.zeros((B, H, qe - qs, D), dtype=Q.dtype)

        for ks, ke in tile_ranges(N, tile_size):
            if causal and ks >= qe:
                break
            s = block_scores(Q[:, :, qs:qe], K[:, :, ks:ke], qs, ks, causal)
            # New reference point for this tile; what was summed before is moved to it.
            m_new = np.max(s, axis=-1)
            p = np.exp(s - m_new[..., None])
            rescale = np.exp(m_i - m_new)
            l_i = l_i * rescale + np.sum(p, axis=-1)
            o_i = o_i * rescale[..., None] + np.einsum("bhqk,bhkd->bhqd", p, V[:, :, ks:ke])
            m_i = m_new

        O[:, :, qs:qe] = o_i / l_i[..., None]
        L[:, :, qs:qe] = m_i + np.log(l_i)

    return O, {"O": O, "L": L, "Q": Q, "K": K, "V": V}


def flash_attention_bwd(
    dO: np.ndarray, cache: Cache, tile_size: int, causal: bool = True
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tiled backward pass; key tiles outside, query tiles inside."""
    O, L, Q, K, V = (cache[name] for name in ("O", "L", "Q", "K", "V"))
    N, D = Q.shape[2:]
    scale = Q.dtype.type(D**-0.5)
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    delta = np.sum(dO * O, axis=-1, keepdims=True)

    for ks, ke in tile_ranges(N, tile_size):
        for qs, qe in tile_ranges(N, tile_size):
            if causal and qe <= ks:
                continue
            s = block_scores(Q[:, :, qs:qe], K[:, :, ks:ke], qs, ks, causal)
            p = np.exp(s - L[:, :, qs:qe, None])
            dV[:, :, ks:ke] += np.einsum("bhqk,bhqd->bhkd", p, dO[:, :, qs:qe])
            dp = np.einsum("bhqd,bhkd->bhqk", dO[:, :, qs:qe], V[:, :, ks:ke])
            ds = p * (dp - delta[:, :, qs:qe])
            dQ[:, :, qs:qe] += scale * np.einsum("bhqk,bhkd->bhqd", ds, K[:, :, ks:ke])
            dK[:, :, ks:ke] += scale * np.einsum("bhqk,bhqd->bhkd", ds, Q[:, :, qs:qe])

    return dQ, dK, dV
