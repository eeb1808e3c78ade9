"""Tests for the KV-cache. Run: python test_kv_cache.py"""

import numpy as np

from kv_cache import (
    IncrementalDecoder,
    KVCache,
    multi_head_attention_batched,
    multi_head_attention_with_cache,
    softmax,
    split_heads,
)
from optimizations import cache_bytes, decode_flops, growth_table


def weights(d, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((d, d)).astype(np.float32) / np.sqrt(d) for _ in range(4)]


def attention_of_last(x, w_q, w_k, w_v, w_o, heads):
    """Attention of the last token over all tokens, without any cache."""
    q = split_heads(x[:, -1:] @ w_q, heads)
    k, v = split_heads(x @ w_k, heads), split_heads(x @ w_v, heads)
    p = softmax(np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(q.shape[-1]))
    out = np.einsum("bhqk,bhkd->bhqd", p, v)
    return out.transpose(0, 2, 1, 3).reshape(x.shape[0], 1, -1) @ w_o


def test_update_and_read():
    rng = np.random.default_rng(1)
    cache = KVCache(2, 8, 3, 4)
    k = rng.standard_normal((2, 3, 5, 4)).astype(np.float32)
    cache.update(k, 2 * k)
    got_k, got_v = cache.get_kv()
    assert np.array_equal(got_k, k) and np.array_equal(got_v, 2 * k)
    assert cache.memory_bytes == 2 * 2 * 3 * 8 * 4 * 4


def test_overflow_is_refused():
    cache = KVCache(1, 4, 1, 2)
    cache.update(np.zeros((1, 1, 4, 2)), np.zeros((1, 1, 4, 2)))
    try:
        cache.update(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 2)))
    except ValueError:
        return
    raise AssertionError("overflow was accepted")


def test_each_step_equals_full_attention_of_the_last_token():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 9, 12)).astype(np.float32)
    ws = weights(12)
    for attend in (multi_head_attention_with_cache, multi_head_attention_batched):
        cache = KVCache(2, 16, 3, 4)
        for t in range(x.shape[1]):
            got = attend(x[:, t:t + 1], cache, *ws)
            want = attention_of_last(x[:, :t + 1], *ws, 3)
            assert np.abs(got - want).max() < 1e-5


def test_prefill_then_step():
    """After a prefill of 6 tokens the last position and the next step are right."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1, 7, 8)).astype(np.float32)
    ws = weights(8, 1)
    cache = KVCache(1, 16, 2, 4)
    got = multi_head_attention_with_cache(x[:, :6], cache, *ws)
    assert np.abs(got[:, -1:] - attention_of_last(x[:, :6], *ws, 2)).max() < 1e-5
    got = multi_head_attention_with_cache(x[:, 6:], cache, *ws)
    assert np.abs(got - attention_of_last(x, *ws, 2)).max() < 1e-5


def test_loops_and_batched_agree():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((3, 6, 8)).astype(np.float32)
    ws = weights(8, 2)
    a = multi_head_attention_with_cache(x, KVCache(3, 8, 2, 4), *ws)
    b = multi_head_attention_batched(x, KVCache(3, 8, 2, 4), *ws)
    assert np.abs(a - b).max() < 1e-5


def test_decoder_structure():
    model = IncrementalDecoder(16, 2, 2, 32, 50)
    model.init_cache(batch_size=2)
    assert len(model.caches) == 2 and model.caches[0].k_cache.shape == (2, 2, 32, 8)
    assert model.num_parameters() == 50 * 16 + 2 * (4 * 256 + 2 * 1024)


def test_arithmetic():
    assert cache_bytes(1, 2, 4, 8) == 2 * 2 * 4 * 8 * 4
    assert decode_flops(2048, 64)[0] < decode_flops(2048, 64)[1] / 1000
    assert growth_table()[1][1] == 4 * growth_table()[0][1]


if __name__ == "__main__":
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
    print("all tests passed")
