"""One head at a time. The cache holds the inputs alone: backward works out O and L again.

dS comes from the softmax's Jacobian as P dP - P rowsum(P dP), in two passes over the key tiles, so
that O is not needed.
"""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return {"O": ..., "cache": (Q, K, V)}."""
    out = np.empty_like(Q)
    for head in np.ndindex(Q.shape[:2]):
        for start in range(0, Q.shape[2], tile_size):
            stop = min(start + tile_size, Q.shape[2])
            out[head][start:stop] = sum(
                p @ v for p, _, v in tiles(Q[head], K[head], V[head], start, stop, causal)
            )
    return {"O": out, "cache": (Q, K, V)}


def tiles(q, k, v, start, stop, causal):
    """Weights, keys and values of each tile that the query rows start to stop see."""
    size = stop - start
    end = stop if causal else len(k)
    spans = [slice(j, min(j + size, end)) for j in range(0, end, size)]
    top = np.max([scores(q, k, start, stop, t, causal).max(1) for t in spans], axis=0)[:, None]
    total = 0
    for t in spans:
        total = total + np.exp(scores(q, k, start, stop, t, causal) - top).sum(1, keepdims=True)
    for t in spans:
        yield np.exp(scores(q, k, start, stop, t, causal) - top) / total, k[t], v[t]


def scores(q, k, start, stop, columns, causal):
    """Scaled scores of one tile."""
    s = np.dot(q[start:stop], k[columns].T) / q.dtype.type(q.shape[1] ** 0.5)
    if causal:
        hidden = np.arange(columns.start, columns.stop) > np.arange(start, stop)[:, None]
        s[hidden] = -np.inf
    return s


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """Return (dQ, dK, dV)."""
    grads = tuple(np.zeros_like(a) for a in cache)
    for head in np.ndindex(dO.shape[:2]):
        q, k, v = (a[head] for a in cache)
        dq, dk, dv = (g[head] for g in grads)
        for start in range(0, len(q), tile_size):
            stop = min(start + tile_size, len(q))
            g = dO[head][start:stop]
            delta = 0
            for p, _, vt in tiles(q, k, v, start, stop, causal):
                delta = delta + (p * (g @ vt.T)).sum(1, keepdims=True)
            j = 0
            for p, kt, vt in tiles(q, k, v, start, stop, causal):
                ds = p * (g @ vt.T - delta) / q.dtype.type(q.shape[1] ** 0.5)
                dq[start:stop] += ds @ kt
                dk[j : j + len(kt)] += ds.T @ q[start:stop]
                dv[j : j + len(kt)] += p.T @ g
                j += len(kt)
    return grads
