"""Flash attention with a recomputing backward pass. Derivation and choices: NOTES.md."""

import numpy as np


def _score_tile(q, k, i, j, scale, causal):
    """Scores of query rows i.. against keys j..; future keys at -inf."""
    s = q @ np.swapaxes(k, -1, -2) * scale
    if causal and j + k.shape[-2] - 1 > i:
        future = np.arange(j, j + k.shape[-2]) > np.arange(i, i + q.shape[-2])[:, None]
        s[..., future] = -np.inf
    return s


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return O (B, H, N, D) and a cache with O, L, Q, K, V; L (B, H, N) is the row log-sum-exp."""
    if tile_size < 1:
        raise ValueError("tile_size must be at least 1")
    N, D = Q.shape[-2:]
    scale = Q.dtype.type(1 / np.sqrt(D))
    O, L = np.empty_like(Q), np.empty(Q.shape[:-1], Q.dtype)
    for i in range(0, N, tile_size):
        q = Q[..., i : i + tile_size, :]
        m = np.full(q.shape[:-1] + (1,), -np.inf, Q.dtype)
        l, a = np.zeros_like(m), np.zeros_like(q)
        for j in range(0, i + 1 if causal else N, tile_size):
            s = _score_tile(q, K[..., j : j + tile_size, :], i, j, scale, causal)
            top = np.maximum(m, s.max(-1, keepdims=True))
            p, c = np.exp(s - top), np.exp(m - top)
            l = c * l + p.sum(-1, keepdims=True)
            a = c * a + p @ V[..., j : j + tile_size, :]
            m = top
        O[..., i : i + tile_size, :] = a / l
        L[..., i : i + tile_size] = (m + np.log(l))[..., 0]
    return O, {"O": O, "L": L, "Q": Q, "K": K, "V": V}


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """Return (dQ, dK, dV)."""
    O, L, Q, K, V = (cache[x] for x in "OLQKV")
    N, D = Q.shape[-2:]
    scale = Q.dtype.type(1 / np.sqrt(D))
    delta = np.sum(dO * O, -1, keepdims=True)
    dQ, dK, dV = np.zeros_like(Q), np.empty_like(K), np.empty_like(V)
    for j in range(0, N, tile_size):
        k, v = K[..., j : j + tile_size, :], V[..., j : j + tile_size, :]
        dk, dv = np.zeros_like(k), np.zeros_like(v)
        for i in range(j if causal else 0, N, tile_size):
            rows = np.s_[..., i : i + tile_size, :]
            q, do = Q[rows], dO[rows]
            p = np.exp(_score_tile(q, k, i, j, scale, causal) - L[..., i : i + tile_size, None])
            dv += np.swapaxes(p, -1, -2) @ do
            ds = p * (do @ np.swapaxes(v, -1, -2) - delta[rows])
            dQ[rows] += ds @ k * scale
            dk += np.swapaxes(ds, -1, -2) @ q * scale
        dK[..., j : j + tile_size, :] = dk
        dV[..., j : j + tile_size, :] = dv
    return dQ, dK, dV
