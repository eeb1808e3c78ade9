"""
Flash attention with backward in pure NumPy (no autograd).

The backward pass runs over (key tile, query tile) pairs and recomputes the
probabilities from the stored log-sum-exp:  P = exp(Q K^T * scale - L).

The trick that makes it local:  rowsum(P * dP) == rowsum(dO * O),  so the term
of the softmax Jacobian that couples a whole row is known before any tile is
visited.
"""
import math
import tracemalloc

import numpy as np


class Tiles:
    """Iterates over (slice, positions) of consecutive tiles."""

    def __init__(self, n, size):
        self.bounds = [(a, min(a + size, n)) for a in range(0, n, size)]

    def __iter__(self):
        for a, b in self.bounds:
            yield slice(a, b), np.arange(a, b)


def masked_scores(q, k, q_pos, k_pos, causal):
    s = np.einsum('bhqd,bhkd->bhqk', q, k, optimize=True)
    s *= q.dtype.type(1.0 / math.sqrt(q.shape[-1]))
    if causal and k_pos[-1] > q_pos[0]:
        s = np.where(q_pos[:, None] >= k_pos[None, :], s, -np.inf)
    return s


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """(B, H, N, D) x 3 -> O, cache with keys O, L, Q, K, V."""
    B, H, N, D = Q.shape
    O = np.zeros((B, H, N, D), Q.dtype)
    L = np.zeros((B, H, N), Q.dtype)
    tiles = Tiles(N, tile_size)
    for qs, q_pos in tiles:
        q = Q[:, :, qs]
        run_max = np.full((B, H, len(q_pos)), -np.inf, Q.dtype)
        run_sum = np.zeros((B, H, len(q_pos)), Q.dtype)
        run_out = np.zeros((B, H, len(q_pos), D), Q.dtype)
        for ks, k_pos in tiles:
            if causal and k_pos[0] > q_pos[-1]:
                break
            s = masked_scores(q, K[:, :, ks], q_pos, k_pos, causal)
            new_max = np.maximum(run_max, s.max(-1))
            decay = np.exp(run_max - new_max)
            p = np.exp(s - new_max[..., None])
            run_sum = run_sum * decay + p.sum(-1)
            run_out = run_out * decay[..., None] + np.einsum('bhqk,bhkd->bhqd', p, V[:, :, ks])
            run_max = new_max
        O[:, :, qs] = run_out / run_sum[..., None]
        L[:, :, qs] = run_max + np.log(run_sum)
    return O, {'O': O, 'L': L, 'Q': Q, 'K': K, 'V': V}


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """dO (B, H, N, D) -> dQ, dK, dV."""
    O, L, Q, K, V = cache['O'], cache['L'], cache['Q'], cache['K'], cache['V']
    N, D = Q.shape[2], Q.shape[3]
    scale = Q.dtype.type(1.0 / math.sqrt(D))
    dQ, dK, dV = (np.zeros_like(x) for x in (Q, K, V))
    Dvec = np.einsum('bhnd,bhnd->bhn', dO, O)
    tiles = Tiles(N, tile_size)
    for ks, k_pos in tiles:
        for qs, q_pos in tiles:
            if causal and q_pos[-1] < k_pos[0]:
                continue
            s = masked_scores(Q[:, :, qs], K[:, :, ks], q_pos, k_pos, causal)
            p = np.exp(s - L[:, :, qs, None])
            dV[:, :, ks] += np.einsum('bhqk,bhqd->bhkd', p, dO[:, :, qs])
            dp = np.einsum('bhqd,bhkd->bhqk', dO[:, :, qs], V[:, :, ks])
            ds = p * (dp - Dvec[:, :, qs, None]) * scale
            dQ[:, :, qs] += np.einsum('bhqk,bhkd->bhqd', ds, K[:, :, ks])
            dK[:, :, ks] += np.einsum('bhqk,bhqd->bhkd', ds, Q[:, :, qs])
    return dQ, dK, dV


# ---------------------------------------------------------------- checks


def numerical(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + h
        hi = f()
        x[i] = old - h
        lo = f()
        x[i] = old
        g[i] = (hi - lo) / (2 * h)
    return g


def gradient_check(causal):
    rng = np.random.default_rng(1)
    Q, K, V, dO = (rng.standard_normal((1, 2, 10, 4)) for _ in range(4))
    _, cache = flash_attention_fwd(Q, K, V, 4, causal)
    grads = flash_attention_bwd(dO, cache, 4, causal)
    for name, x, g in zip(('dQ', 'dK', 'dV'), (Q, K, V), grads):
        ref = numerical(lambda: float(np.sum(flash_attention_fwd(Q, K, V, 4, causal)[0] * dO)), x)
        err = np.max(np.abs(ref - g)) / np.max(np.abs(ref))
        print(f'causal={causal!s:5} {name} relative error {err:.1e}')
        assert err < 1e-7


def memory_check(N=1024):
    rng = np.random.default_rng(2)
    Q, K, V, dO = (rng.standard_normal((1, 1, N, 16)) for _ in range(4))
    tracemalloc.start()
    _, cache = flash_attention_fwd(Q, K, V, 64)
    flash_attention_bwd(dO, cache, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f'peak {peak / 2**20:.2f} MiB, N x N would be {N * N * 8 / 2**20:.2f} MiB')
    assert peak < N * N * 8 / 2


if __name__ == '__main__':
    gradient_check(True)
    gradient_check(False)
    memory_check()
    print('ok')
