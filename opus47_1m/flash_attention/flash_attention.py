"""Flash attention, forward. One (batch, head) at a time, tiles of `tile_size` rows. See NOTES.md."""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """softmax(Q K^T / sqrt(D)) V for Q, K, V of shape (B, H, N, D)."""
    if tile_size < 1:
        raise ValueError("tile_size must be at least 1")
    O = np.empty_like(Q)
    for b in range(Q.shape[0]):
        for h in range(Q.shape[1]):
            _one_head(Q[b, h], K[b, h], V[b, h], O[b, h], tile_size, causal)
    return O


def _one_head(q, k, v, out, T, causal):
    N, D = q.shape
    scale = q.dtype.type(1.0 / np.sqrt(D))
    for i in range(0, N, T):
        qi = q[i : i + T] * scale
        m = np.full(len(qi), -np.inf, q.dtype)
        l = np.zeros(len(qi), q.dtype)
        a = np.zeros_like(qi)
        for j in range(0, min(i + T, N) if causal else N, T):
            s = qi @ k[j : j + T].T
            if causal and j + T > i:
                s[np.arange(j, j + s.shape[1]) > np.arange(i, i + s.shape[0])[:, None]] = -np.inf
            m_new = np.maximum(m, s.max(1))
            s -= m_new[:, None]
            p = np.exp(s, out=s)
            c = np.exp(m - m_new)
            l = c * l + p.sum(1)
            a = c[:, None] * a + p @ v[j : j + T]
            m = m_new
        out[i : i + T] = a / l[:, None]
