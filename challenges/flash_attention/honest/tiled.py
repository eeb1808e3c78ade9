"""The textbook form: all batches and heads at once, query tiles outside, key tiles inside."""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return O of shape (B, H, N, D)."""
    N, D = Q.shape[2:]
    scale = Q.dtype.type(1 / np.sqrt(D))
    out = np.empty_like(Q)
    for i in range(0, N, tile_size):
        q = Q[:, :, i : i + tile_size] * scale
        m = np.full((*q.shape[:3], 1), -np.inf, dtype=Q.dtype)
        total = np.zeros_like(m)
        acc = np.zeros_like(q)
        for j in range(0, N, tile_size):
            if causal and j > i:
                break
            s = q @ K[:, :, j : j + tile_size].swapaxes(-1, -2)
            if causal and j == i:
                hidden = np.arange(s.shape[-1]) > np.arange(s.shape[-2])[:, None]
                s = np.where(hidden, -np.inf, s)
            m_new = np.maximum(m, s.max(axis=-1, keepdims=True))
            p = np.exp(s - m_new)
            correction = np.exp(m - m_new)
            total = total * correction + p.sum(axis=-1, keepdims=True)
            acc = acc * correction + p @ V[:, :, j : j + tile_size]
            m = m_new
        out[:, :, i : i + tile_size] = acc / total
    return out
