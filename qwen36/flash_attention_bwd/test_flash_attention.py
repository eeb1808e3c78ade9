"""Correctness, gradients, edge cases and memory of the tiled attention."""

import itertools
import tracemalloc

import numpy as np

from flash_attention import flash_attention_bwd, flash_attention_fwd
from tiling import tile_ranges


def make(B, H, N, D, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((B, H, N, D)) for _ in range(4)]


def reference(Q, K, V, dO, causal):
    N, D = Q.shape[2:]
    s = np.einsum("bhqd,bhkd->bhqk", Q, K) / np.sqrt(D)
    if causal:
        s = np.where(np.tril(np.ones((N, N), dtype=bool)), s, -np.inf)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    dp = np.einsum("bhqd,bhkd->bhqk", dO, V)
    ds = p * (dp - np.sum(p * dp, axis=-1, keepdims=True)) / np.sqrt(D)
    return (
        np.einsum("bhqk,bhkd->bhqd", p, V),
        np.einsum("bhqk,bhkd->bhqd", ds, K),
        np.einsum("bhqk,bhqd->bhkd", ds, Q),
        np.einsum("bhqk,bhqd->bhkd", p, dO),
    )


def compare(B, H, N, D, tile, causal):
    Q, K, V, dO = make(B, H, N, D)
    O, cache = flash_attention_fwd(Q, K, V, tile, causal)
    got = (O, *flash_attention_bwd(dO, cache, tile, causal))
    for g, w in zip(got, reference(Q, K, V, dO, causal)):
        assert np.max(np.abs(g - w)) < 1e-11


def test_even_tiles():
    for causal in (True, False):
        compare(2, 4, 32, 8, 8, causal)


def test_uneven_tiles():
    for N, tile, causal in itertools.product((1, 7, 33), (1, 8, 64), (True, False)):
        compare(1, 2, N, 4, tile, causal)


def test_numerical_gradients():
    Q, K, V, dO = make(1, 1, 8, 4)
    _, cache = flash_attention_fwd(Q, K, V, 4)
    grads = flash_attention_bwd(dO, cache, 4)
    h = 1e-5
    for x, grad in zip((Q, K, V), grads):
        for i in [(0, 0, 0, 0), (0, 0, 3, 1), (0, 0, 7, 3)]:
            keep = x[i]
            x[i] = keep + h
            up = np.sum(flash_attention_fwd(Q, K, V, 4)[0] * dO)
            x[i] = keep - h
            down = np.sum(flash_attention_fwd(Q, K, V, 4)[0] * dO)
            x[i] = keep
            assert abs((up - down) / (2 * h) - grad[i]) < 1e-7


def test_log_sum_exp():
    Q, K, V, _ = make(1, 2, 20, 4)
    _, cache = flash_attention_fwd(Q, K, V, 8, causal=False)
    s = np.einsum("bhqd,bhkd->bhqk", Q, K) / 2.0
    assert np.allclose(cache["L"], np.log(np.sum(np.exp(s), axis=-1)))


def test_moderate_scores():
    Q, K, V, dO = make(1, 2, 32, 8)
    O, cache = flash_attention_fwd(Q * 20, K, V, 8)
    assert np.isfinite(O).all()
    assert np.allclose(O, reference(Q * 20, K, V, dO, True)[0])


def test_tile_ranges():
    assert list(tile_ranges(10, 4)) == [(0, 4), (4, 8), (8, 10)]


def test_memory():
    """The tiled passes must stay far below one N x N matrix."""
    N = 1024
    Q, K, V, dO = make(1, 1, N, 16)
    tracemalloc.start()
    _, cache = flash_attention_fwd(Q, K, V, 64)
    flash_attention_bwd(dO, cache, 64)
    peak = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"  peak {peak / 1024:.0f} KiB, full matrix {8 * N * N / 1024:.0f} KiB")
    assert peak < 8 * N * N / 4


if __name__ == "__main__":
    for name, test in sorted((n, t) for n, t in globals().items() if n.startswith("test_")):
        test()
        print(f"[PASS] {name}")
