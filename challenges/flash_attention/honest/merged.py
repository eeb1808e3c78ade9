"""Key tiles outside: every tile is a finished softmax with its log-sum-exp, merged in turn."""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return O of shape (B, H, N, D)."""
    N = Q.shape[2]
    out = np.zeros_like(Q)
    lse = np.full(Q.shape[:3], -np.inf, dtype=Q.dtype)
    for k0 in range(0, N, tile_size):
        k1 = min(k0 + tile_size, N)
        for q0 in range(0, N, tile_size):
            q1 = min(q0 + tile_size, N)
            if causal and q1 <= k0:
                continue
            rows = np.s_[:, :, q0:q1]
            part, part_lse = tile(Q[rows], K[:, :, k0:k1], V[:, :, k0:k1], q0, k0, causal)
            both = np.logaddexp(lse[rows], part_lse)
            old, new = np.exp(lse[rows] - both), np.exp(part_lse - both)
            out[rows] = out[rows] * old[..., None] + part * new[..., None]
            lse[rows] = both
    return out


def tile(q, k, v, q0, k0, causal):
    """Attention within one tile and its log-sum-exp; rows that see no key have weight zero."""
    s = np.einsum("bhid,bhjd->bhij", q, k) / q.dtype.type(np.sqrt(q.shape[-1]))
    if causal:
        seen = np.arange(k.shape[2]) + k0 <= (np.arange(q.shape[2]) + q0)[:, None]
        s = np.where(seen, s, s.dtype.type(-1e30))
    top = s.max(-1)
    e = np.exp(s - top[..., None])
    total = e.sum(-1)
    return np.einsum("bhij,bhjd->bhid", e / total[..., None], v), top + np.log(total)
