"""The textbook form: all batches and heads at once; backward has key tiles outside."""

import numpy as np


def scores(q, k, i, j, causal):
    """Scaled scores of the tile at (i, j), minus infinity where the mask hides a key."""
    s = (q @ k.swapaxes(-1, -2)) * q.dtype.type(1 / np.sqrt(q.shape[-1]))
    if causal:
        hidden = j + np.arange(k.shape[2]) > i + np.arange(q.shape[2])[:, None]
        s = np.where(hidden, -np.inf, s)
    return s


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return (O, cache): O of shape (B, H, N, D); the cache holds O, L, Q, K and V."""
    N = Q.shape[2]
    out = np.empty_like(Q)
    L = np.empty(Q.shape[:3], dtype=Q.dtype)
    for i in range(0, N, tile_size):
        rows = np.s_[:, :, i : i + tile_size]
        m = np.full((*Q[rows].shape[:3], 1), -np.inf, dtype=Q.dtype)
        total = np.zeros_like(m)
        acc = np.zeros_like(Q[rows])
        for j in range(0, i + 1 if causal else N, tile_size):
            columns = np.s_[:, :, j : j + tile_size]
            s = scores(Q[rows], K[columns], i, j, causal)
            m_new = np.maximum(m, s.max(axis=-1, keepdims=True))
            p = np.exp(s - m_new)
            correction = np.exp(m - m_new)
            total = total * correction + p.sum(axis=-1, keepdims=True)
            acc = acc * correction + p @ V[columns]
            m = m_new
        out[rows] = acc / total
        L[rows] = (m + np.log(total))[..., 0]
    return out, {"O": out, "L": L, "Q": Q, "K": K, "V": V}


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """Return (dQ, dK, dV)."""
    Q, K, V, L = (cache[name] for name in ("Q", "K", "V", "L"))
    N = Q.shape[2]
    scale = Q.dtype.type(1 / np.sqrt(Q.shape[-1]))
    delta = (dO * cache["O"]).sum(axis=-1, keepdims=True)
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    for j in range(0, N, tile_size):
        columns = np.s_[:, :, j : j + tile_size]
        for i in range(j if causal else 0, N, tile_size):
            rows = np.s_[:, :, i : i + tile_size]
            p = np.exp(scores(Q[rows], K[columns], i, j, causal) - L[rows][..., None])
            dV[columns] += p.swapaxes(-1, -2) @ dO[rows]
            dp = dO[rows] @ V[columns].swapaxes(-1, -2)
            ds = p * (dp - delta[rows])
            dQ[rows] += ds @ K[columns] * scale
            dK[columns] += ds.swapaxes(-1, -2) @ Q[rows] * scale
    return dQ, dK, dV
