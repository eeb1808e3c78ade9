import tracemalloc

import numpy as np

from flash_attention import flash_attention_fwd


def plain(Q, K, V, causal):
    S = np.einsum("bhid,bhjd->bhij", Q, K) / np.sqrt(Q.shape[-1])
    if causal:
        S[..., np.triu(np.ones(S.shape[-2:], bool), 1)] = -np.inf
    P = np.exp(S - S.max(-1, keepdims=True))
    return np.einsum("bhij,bhjd->bhid", P / P.sum(-1, keepdims=True), V)


def inputs(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for _ in range(3)]


def agree(shape, T, causal, factor=1.0):
    Q, K, V = inputs(*shape)
    got = flash_attention_fwd(Q * factor, K, V, T, causal)
    assert np.allclose(got, plain(Q * factor, K, V, causal), rtol=1e-10, atol=1e-12)


def test_whole_tiles():
    agree((2, 3, 64, 8), 16, True)
    agree((2, 3, 64, 8), 16, False)


def test_uneven_tiles():
    for T in (1, 3, 7, 64, 100):
        agree((1, 2, 50, 4), T, True)
        agree((1, 2, 50, 4), T, False)


def test_one_token():
    Q, K, V = inputs(2, 2, 1, 4)
    assert np.array_equal(flash_attention_fwd(Q, K, V, 8), V)


def test_large_scores():
    agree((1, 2, 40, 8), 8, True, factor=1e3)


def test_maximum_falls_between_tiles():
    Q, K, V = inputs(1, 1, 16, 4)
    Q[..., 0], K[..., 0] = 2.0, np.repeat([1500.0, -1500.0], 8)
    got = flash_attention_fwd(Q, K, V, 8, causal=False)
    assert np.allclose(got, plain(Q, K, V, False))


def test_float32_stays_float32():
    Q, K, V = (a.astype(np.float32) for a in inputs(1, 2, 33, 8))
    got = flash_attention_fwd(Q, K, V, 8)
    assert got.dtype == np.float32
    assert np.allclose(got, plain(Q, K, V, True), atol=1e-5)


def test_memory_is_not_quadratic():
    Q, K, V = inputs(1, 1, 2048, 16)
    tracemalloc.start()
    flash_attention_fwd(Q, K, V, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2048 * 2048 * 8 / 20


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
