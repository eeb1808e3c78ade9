"""Tests: uneven tiles, masks, large scores, float32. Every call states its mask."""

import itertools

import numpy as np

from flash_attention import causal_block_mask, flash_attention_fwd, tile_ranges
from reference import standard_attention


def make(B, H, N, D, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((B, H, N, D)).astype(dtype) for _ in range(3)]


def compare(B, H, N, D, tile, causal, factor=1.0, dtype=np.float64, tolerance=1e-10):
    Q, K, V = make(B, H, N, D, dtype=dtype)
    Q = Q * dtype(factor)
    got = flash_attention_fwd(Q, K, V, tile, causal=causal)
    want = standard_attention(Q.astype(np.float64), K.astype(np.float64), V.astype(np.float64), causal)
    error = np.abs(got - want).max()
    assert error < tolerance, (N, tile, causal, error)


def test_even_tiles():
    for causal in (True, False):
        compare(2, 4, 64, 16, 16, causal)


def test_uneven_tiles():
    for N, tile, causal in itertools.product((1, 7, 33, 65), (1, 8, 64, 128), (True, False)):
        compare(1, 2, N, 8, tile, causal)


def test_large_scores():
    for causal in (True, False):
        compare(1, 2, 48, 8, 16, causal, factor=1000.0)


def test_float32():
    compare(1, 2, 48, 8, 16, True, dtype=np.float32, tolerance=1e-5)


def test_tile_ranges():
    assert list(tile_ranges(10, 4)) == [(0, 4), (4, 8), (8, 10)]


def test_block_mask():
    assert causal_block_mask((4, 8), (0, 4)) is None
    assert causal_block_mask((0, 2), (0, 2)).tolist() == [[False, True], [False, False]]


def test_heads_do_not_mix():
    Q, K, V = make(1, 3, 20, 4)
    whole = flash_attention_fwd(Q, K, V, 8, causal=True)
    for h in range(3):
        part = flash_attention_fwd(Q[:, h : h + 1], K[:, h : h + 1], V[:, h : h + 1], 8, causal=True)
        assert np.allclose(whole[:, h : h + 1], part)


if __name__ == "__main__":
    for name, test in sorted((n, t) for n, t in globals().items() if n.startswith("test_")):
        test()
        print(f"[PASS] {name}")
