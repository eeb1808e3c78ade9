"""Two passes over the key tiles: first the maximum and the sum of each row, then the output."""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return {"O": ...} of shape (B, H, N, D), one batch and head after the other."""
    out = np.zeros_like(Q)
    for b in range(Q.shape[0]):
        for h in range(Q.shape[1]):
            for start in range(0, Q.shape[2], tile_size):
                rows = slice(start, min(start + tile_size, Q.shape[2]))
                out[b, h, rows] = block(Q[b, h], K[b, h], V[b, h], rows, tile_size, causal)
    return {"O": out}


def scores(q, k, rows, columns, causal):
    """Scaled scores of one tile, hidden ones at minus infinity."""
    s = np.dot(q[rows], k[columns].T) * q.dtype.type(q.shape[1] ** -0.5)
    if causal:
        above = np.arange(columns.start, columns.stop) > np.arange(rows.start, rows.stop)[:, None]
        s[above] = -np.inf
    return s


def block(q, k, v, rows, size, causal):
    """The output rows of one query tile."""
    end = rows.stop if causal else len(k)
    tiles = [slice(j, min(j + size, end)) for j in range(0, end, size)]
    top = np.max([scores(q, k, rows, t, causal).max(axis=1) for t in tiles], axis=0)
    total = np.zeros_like(top)
    for t in tiles:
        total += np.exp(scores(q, k, rows, t, causal) - top[:, None]).sum(axis=1)
    out = np.zeros((len(top), v.shape[1]), v.dtype)
    for t in tiles:
        out += np.exp(scores(q, k, rows, t, causal) - top[:, None]) / total[:, None] @ v[t]
    return out
