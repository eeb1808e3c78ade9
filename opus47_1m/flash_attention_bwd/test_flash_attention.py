import tracemalloc

import numpy as np

from flash_attention import flash_attention_bwd, flash_attention_fwd


def inputs(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for _ in range(4)]


def plain(Q, K, V, dO, causal):
    scale = 1 / np.sqrt(Q.shape[-1])
    S = np.einsum("bhid,bhjd->bhij", Q, K) * scale
    if causal:
        S[..., np.triu(np.ones(S.shape[-2:], bool), 1)] = -np.inf
    P = np.exp(S - S.max(-1, keepdims=True))
    P /= P.sum(-1, keepdims=True)
    dP = np.einsum("bhid,bhjd->bhij", dO, V)
    dS = P * (dP - (P * dP).sum(-1, keepdims=True))
    return (
        np.einsum("bhij,bhjd->bhid", P, V),
        np.einsum("bhij,bhjd->bhid", dS, K) * scale,
        np.einsum("bhij,bhid->bhjd", dS, Q) * scale,
        np.einsum("bhij,bhid->bhjd", P, dO),
    )


def run(Q, K, V, dO, T, causal):
    O, cache = flash_attention_fwd(Q, K, V, T, causal)
    return (O, *flash_attention_bwd(dO, cache, T, causal))


def agree(arrays, T, causal, atol=1e-11):
    for got, want in zip(run(*arrays, T, causal), plain(*arrays, causal)):
        assert np.allclose(got, want, rtol=1e-9, atol=atol)


def test_whole_tiles():
    agree(inputs(2, 3, 32, 8), 8, True)
    agree(inputs(2, 3, 32, 8), 8, False)


def test_uneven_tiles():
    for T in (1, 3, 5, 20, 64):
        agree(inputs(1, 2, 21, 4), T, True)
        agree(inputs(1, 2, 21, 4), T, False)


def test_one_token():
    Q, K, V, dO = inputs(2, 2, 1, 4)
    _, dQ, dK, dV = run(Q, K, V, dO, 4, True)
    assert np.allclose(dQ, 0) and np.allclose(dK, 0) and np.allclose(dV, dO)


def test_directional_derivative():
    Q, K, V, dO = inputs(1, 2, 13, 4)
    dq, dk, dv, _ = inputs(1, 2, 13, 4, seed=1)
    _, gQ, gK, gV = run(Q, K, V, dO, 5, True)
    h = 1e-5
    up = flash_attention_fwd(Q + h * dq, K + h * dk, V + h * dv, 5)[0]
    down = flash_attention_fwd(Q - h * dq, K - h * dk, V - h * dv, 5)[0]
    slope = np.sum((up - down) * dO) / (2 * h)
    assert np.isclose(slope, np.sum(gQ * dq) + np.sum(gK * dk) + np.sum(gV * dv), rtol=1e-7)


def test_a_constant_added_to_all_keys_changes_nothing():
    *_, dK, dV = run(*inputs(2, 2, 17, 4), 5, True)
    assert np.allclose(dK.sum(2), 0)


def test_maximum_falls_between_tiles():
    Q, K, V, dO = inputs(1, 1, 16, 4)
    Q[..., 0], K[..., 0] = 2.0, np.repeat([1500.0, -1500.0], 8)
    agree((Q, K, V, dO), 8, False, atol=1e-8)


def test_large_scores():
    Q, K, V, dO = inputs(1, 2, 24, 4)
    agree((100 * Q, 10 * K, V, dO), 8, True, atol=1e-8)


def test_backward_twice():
    Q, K, V, dO = inputs(1, 2, 9, 4)
    _, cache = flash_attention_fwd(Q, K, V, 4)
    first, second = (flash_attention_bwd(dO, cache, 4) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second))


def test_float32():
    arrays = [a.astype(np.float32) for a in inputs(1, 2, 33, 8)]
    assert all(a.dtype == np.float32 for a in run(*arrays, 8, True))


def test_memory_is_not_quadratic():
    Q, K, V, dO = inputs(1, 1, 1024, 16)
    tracemalloc.start()
    run(Q, K, V, dO, 64, True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024 * 1024 * 8 / 4


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
