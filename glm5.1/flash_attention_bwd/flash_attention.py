import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    # Q, K, V: (B, H, N, D)
    B, H, N, D = Q.shape
    O = np.empty_like(Q)
    L = np.empty((B, H, N), dtype=Q.dtype)
    for b in range(B):
        for h in range(H):
            for i in range(0, N, tile_size):
                q = Q[b, h, i:i + tile_size]
                m = np.full(q.shape[0], -np.inf, dtype=Q.dtype)
                l = np.zeros(q.shape[0], dtype=Q.dtype)
                o = np.zeros_like(q)
                for j in range(0, N, tile_size):
                    if causal and j > i:
                        break
                    s = scores(q, K[b, h, j:j + tile_size], i, j, causal)
                    m_new = np.maximum(m, s.max(axis=1))
                    p = np.exp(s - m_new[:, None])
                    a = np.exp(m - m_new)
                    l = l * a + p.sum(axis=1)
                    o = o * a[:, None] + p @ V[b, h, j:j + tile_size]
                    m = m_new
                O[b, h, i:i + tile_size] = o / l[:, None]
                L[b, h, i:i + tile_size] = m + np.log(l)
    return O, dict(Q=Q, K=K, V=V, O=O, L=L)


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    Q, K, V, O, L = cache['Q'], cache['K'], cache['V'], cache['O'], cache['L']
    B, H, N, D = Q.shape
    scale = Q.dtype.type(D ** -0.5)
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    for b in range(B):
        for h in range(H):
            for i in range(0, N, tile_size):
                r = slice(i, i + tile_size)
                q, do = Q[b, h, r], dO[b, h, r]
                delta = (do * O[b, h, r]).sum(axis=1)
                for j in range(0, N, tile_size):
                    if causal and j > i:
                        break
                    c = slice(j, j + tile_size)
                    p = np.exp(scores(q, K[b, h, c], i, j, causal) - L[b, h, r][:, None])
                    dV[b, h, c] += p.T @ do
                    ds = p * (do @ V[b, h, c].T - delta[:, None]) * scale
                    dQ[b, h, r] += ds @ K[b, h, c]
                    dK[b, h, c] += ds.T @ q
    return dQ, dK, dV


def scores(q, k, i, j, causal):
    s = (q @ k.T) * q.dtype.type(q.shape[1] ** -0.5)
    if causal:
        s[j + np.arange(k.shape[0])[None, :] > i + np.arange(q.shape[0])[:, None]] = -np.inf
    return s


if __name__ == '__main__':
    np.random.seed(0)
    B, H, N, D, T, h = 1, 2, 12, 4, 4, 2e-5
    Q, K, V, dO = (np.random.randn(B, H, N, D) for _ in range(4))
    O, cache = flash_attention_fwd(Q, K, V, T)
    base = (O * dO).sum()
    for name, x, g in zip(('dQ', 'dK', 'dV'), (Q, K, V), flash_attention_bwd(dO, cache, T)):
        num = np.zeros_like(x)
        for idx in np.ndindex(*x.shape):
            x[idx] += h
            num[idx] = ((flash_attention_fwd(Q, K, V, T)[0] * dO).sum() - base) / h
            x[idx] -= h
        err = np.abs(num - g).max()
        print(name, 'max error', err)
        assert err < 1e-3
    print('passed')
