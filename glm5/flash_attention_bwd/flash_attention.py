"""Flash attention, forward and backward, in NumPy.

Forward keeps O and L = m + log(l) per row. Backward recomputes P = exp(S - L) tile by tile:

    Delta = rowsum(dO * O)
    dV_j += P_ij^T dO_i
    dS_ij = P_ij * (dO_i V_j^T - Delta_i)
    dQ_i += scale * dS_ij K_j
    dK_j += scale * dS_ij^T Q_i
"""

import numpy as np


def _tiles(n, size):
    return [(s, min(s + size, n)) for s in range(0, n, size)]


def _scores(Q_i, K_j, qs, ks, scale, causal):
    S = np.matmul(Q_i, K_j.transpose(0, 1, 3, 2)) * scale
    if causal and ks + K_j.shape[2] - 1 > qs:
        q_pos = qs + np.arange(Q_i.shape[2])[:, None]
        k_pos = ks + np.arange(K_j.shape[2])[None, :]
        S = np.where(k_pos > q_pos, -np.inf, S)
    return S


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Q, K, V: (B, H, N, D) -> O: (B, H, N, D) and the cache {O, L, Q, K, V}, L: (B, H, N)."""
    B, H, N, D = Q.shape
    scale = Q.dtype.type(1.0 / np.sqrt(D))
    O = np.zeros_like(Q)
    L = np.zeros((B, H, N), dtype=Q.dtype)

    for qs, qe in _tiles(N, tile_size):
        m = np.full((B, H, qe - qs), -np.inf, dtype=Q.dtype)
        l = np.zeros((B, H, qe - qs), dtype=Q.dtype)
        acc = np.zeros((B, H, qe - qs, D), dtype=Q.dtype)
        for ks, ke in _tiles(N, tile_size):
            if causal and ks >= qe:
                break
            S = _scores(Q[:, :, qs:qe], K[:, :, ks:ke], qs, ks, scale, causal)
            m_new = np.maximum(m, S.max(axis=-1))
            alpha = np.exp(m - m_new)
            P = np.exp(S - m_new[..., None])
            l = alpha * l + P.sum(axis=-1)
            acc = alpha[..., None] * acc + np.matmul(P, V[:, :, ks:ke])
            m = m_new
        O[:, :, qs:qe] = acc / l[..., None]
        L[:, :, qs:qe] = m + np.log(l)
    return O, {"O": O, "L": L, "Q": Q, "K": K, "V": V}


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """dO: (B, H, N, D) -> dQ, dK, dV of the same shape."""
    O, L, Q, K, V = (cache[k] for k in ("O", "L", "Q", "K", "V"))
    N, D = Q.shape[2:]
    scale = Q.dtype.type(1.0 / np.sqrt(D))
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    Delta = np.sum(dO * O, axis=-1)

    for ks, ke in _tiles(N, tile_size):
        K_j, V_j = K[:, :, ks:ke], V[:, :, ks:ke]
        for qs, qe in _tiles(N, tile_size):
            if causal and qe <= ks:
                continue  # all of these queries come before all of these keys
            Q_i, dO_i = Q[:, :, qs:qe], dO[:, :, qs:qe]
            S = _scores(Q_i, K_j, qs, ks, scale, causal)
            P = np.exp(S - L[:, :, qs:qe, None])
            dV[:, :, ks:ke] += np.matmul(P.transpose(0, 1, 3, 2), dO_i)
            dP = np.matmul(dO_i, V_j.transpose(0, 1, 3, 2))
            dS = P * (dP - Delta[:, :, qs:qe, None])
            dQ[:, :, qs:qe] += scale * np.matmul(dS, K_j)
            dK[:, :, ks:ke] += scale * np.matmul(dS.transpose(0, 1, 3, 2), Q_i)
    return dQ, dK, dV
