"""Run: python test_flash_attention.py"""

import tracemalloc

import numpy as np

from flash_attention import flash_attention_bwd, flash_attention_fwd


def naive(Q, K, V, dO, causal):
    N, D = Q.shape[2:]
    scale = 1.0 / np.sqrt(D)
    S = Q @ K.transpose(0, 1, 3, 2) * scale
    if causal:
        S = np.where(np.triu(np.ones((N, N), dtype=bool), k=1), -np.inf, S)
    P = np.exp(S - S.max(axis=-1, keepdims=True))
    P /= P.sum(axis=-1, keepdims=True)
    dP = dO @ V.transpose(0, 1, 3, 2)
    dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True))
    return (
        P @ V,
        scale * dS @ K,
        scale * dS.transpose(0, 1, 3, 2) @ Q,
        P.transpose(0, 1, 3, 2) @ dO,
    )


def compare(B, H, N, D, tile, causal):
    rng = np.random.default_rng(N + tile)
    Q, K, V, dO = (rng.standard_normal((B, H, N, D)) for _ in range(4))
    O, cache = flash_attention_fwd(Q, K, V, tile, causal)
    got = (O, *flash_attention_bwd(dO, cache, tile, causal))
    errors = [np.abs(g - w).max() for g, w in zip(got, naive(Q, K, V, dO, causal))]
    print(f"N={N} tile={tile} causal={causal}: O, dQ, dK, dV", *(f"{e:.1e}" for e in errors))
    assert max(errors) < 1e-10


def finite_differences(N=6, D=3, tile=4, h=1e-5):
    rng = np.random.default_rng(5)
    Q, K, V, dO = (rng.standard_normal((1, 2, N, D)) for _ in range(4))
    _, cache = flash_attention_fwd(Q, K, V, tile)
    for name, a, got in zip("QKV", (Q, K, V), flash_attention_bwd(dO, cache, tile)):
        want = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            keep = a[i]
            a[i] = keep + h
            up = np.sum(flash_attention_fwd(Q, K, V, tile)[0] * dO)
            a[i] = keep - h
            down = np.sum(flash_attention_fwd(Q, K, V, tile)[0] * dO)
            a[i] = keep
            want[i] = (up - down) / (2 * h)
        print(f"d{name}: finite differences {np.abs(got - want).max():.1e}")
        assert np.abs(got - want).max() < 1e-7


def memory(N=1024, D=16, tile=64):
    rng = np.random.default_rng(0)
    Q, K, V, dO = (rng.standard_normal((1, 1, N, D)) for _ in range(4))
    tracemalloc.start()
    _, cache = flash_attention_fwd(Q, K, V, tile)
    flash_attention_bwd(dO, cache, tile)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"peak {peak / 1e6:.2f} MB, N x N is {8 * N * N / 1e6:.1f} MB")
    assert peak < 8 * N * N / 4


if __name__ == "__main__":
    compare(2, 3, 64, 8, 16, True)
    compare(1, 2, 50, 8, 16, True)
    compare(1, 2, 50, 8, 16, False)
    finite_differences()
    memory()
    print("OK")
