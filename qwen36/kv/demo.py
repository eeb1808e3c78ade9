"""Ten demonstrations with assertions. Run: python demo.py"""

import numpy as np

from attention import cached_attention, cached_attention_with_mask, prompt_attention
from config import ModelConfig
from gpu_mapping import Device, microseconds, step_bytes, step_flops
from kv_cache import KVCache
from memory_analysis import growth, kv_bytes, tokens_that_fit
from optimizations import PagedKVCache, QuantizedKVCache
from transformer import TransformerDecoder

rng = np.random.default_rng(0)


def qkv(b=2, h=4, kv=2, t=6, d=8):
    return (rng.standard_normal((b, n, t, d)) for n in (h, kv, kv))


def demo_1_cached_equals_full():
    q, k, v = qkv()
    cache = KVCache(2, 2, 8, 16, np.float64)
    want = prompt_attention(q, k, v)
    for t in range(6):
        cache.update(k[:, :, t:t + 1], v[:, :, t:t + 1])
        got = cached_attention(q[:, :, t:t + 1], cache)
        assert np.allclose(got, want[:, :, t:t + 1])


def demo_2_chunked_prefill():
    q, k, v = qkv()
    cache = KVCache(2, 2, 8, 16, np.float64)
    want = prompt_attention(q, k, v)
    for a, b in ((0, 4), (4, 6)):
        cache.update(k[:, :, a:b], v[:, :, a:b])
        assert np.allclose(cached_attention(q[:, :, a:b], cache), want[:, :, a:b])


def demo_3_unequal_lengths_are_stored():
    _, k, v = qkv()
    cache = KVCache(2, 2, 8, 16, np.float64)
    cache.update(k, v, np.array([6, 3]))
    assert cache.lengths.tolist() == [6, 3]
    assert np.allclose(cache.get(1)[0], k[1, :, :3])


def demo_4_masked_decode_is_finite():
    q, k, v = qkv()
    cache = KVCache(2, 2, 8, 16, np.float64)
    cache.update(k, v, np.array([6, 3]))
    out = cached_attention_with_mask(q[:, :, :1], cache, cache.lengths)
    assert out.shape == (2, 4, 1, 8) and np.isfinite(out).all()


def demo_5_grouped_query_saves_memory():
    assert KVCache(1, 2, 8, 16).memory_allocated_bytes * 4 == KVCache(1, 8, 8, 16).memory_allocated_bytes


def demo_6_generation():
    model = TransformerDecoder(ModelConfig())
    logits = model.prefill(np.array([[3, 1, 4, 1, 5]]))
    for _ in range(4):
        token = logits.argmax(axis=-1)[:, None]
        logits = model.decode_step(token)
        assert logits.shape == (1, 64) and np.isfinite(logits).all()
    assert int(model.caches[0].lengths[0]) == 9


def demo_7_paged():
    paged = PagedKVCache(8, 4, 2, 8)
    keys = rng.standard_normal((3, 2, 8)).astype(np.float32)
    paged.allocate_sequence(0)
    for key in keys:
        paged.append(0, key, 2 * key)
    assert np.allclose(paged.gather(0)[0].transpose(1, 0, 2), keys)
    paged.free_sequence(0)
    assert len(paged.free_blocks) == 8


def demo_8_quantized():
    cache = QuantizedKVCache(1, 2, 8, 16)
    _, k, v = qkv(b=1, t=5)
    cache.update(k, v)
    back, _ = cache.get_dequantized()
    assert back.shape == k.shape
    print("  mean error", float(np.abs(back - k).mean()))
    assert cache.memory_bytes() < KVCache(1, 2, 8, 16, np.float32).memory_allocated_bytes


def demo_9_memory_growth():
    assert kv_bytes(32, 32, 128, 1) == 524288
    assert growth("7B", [4096])[0][1] > 2.0
    assert tokens_that_fit("70B, grouped-query", 40) > 100000


def demo_10_gpu():
    flops, moved = step_flops(32, 32, 128, 4096), step_bytes(32, 32, 128, 4096)
    assert microseconds(Device(), flops, moved) == moved / 2.0e6


if __name__ == "__main__":
    for name, demo in list(globals().items()):
        if name.startswith("demo_"):
            print(name)
            demo()
    print("all demonstrations passed")
