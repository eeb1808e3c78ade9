"""Arithmetic around the cache: how it grows, what a format saves, and a sliding window."""

import numpy as np

from kv_cache import KVCache


def cache_bytes(layers, heads, head_dim, length, batch=1, bytes_per_element=4):
    """Bytes of keys and values for a whole model."""
    return 2 * layers * heads * head_dim * length * batch * bytes_per_element


def growth_table(layers=32, heads=32, head_dim=128, lengths=(1024, 4096, 16384)):
    """Rows of (length, fp32 MB, fp16 MB, int8 MB)."""
    rows = []
    for length in lengths:
        mb = [cache_bytes(layers, heads, head_dim, length, bytes_per_element=n) / 1e6 for n in (4, 2, 1)]
        rows.append((length, *mb))
    return rows


def sliding_window(cache: KVCache, window: int):
    """Keys and values of the last `window` tokens, as views."""
    k, v = cache.get_kv()
    return k[:, :, -window:], v[:, :, -window:]


def decode_flops(length, d_model):
    """Multiply-adds of one step with the cache, and of recomputing everything."""
    cached = 4 * d_model**2 + 2 * length * d_model
    full = 4 * length * d_model**2 + 2 * length**2 * d_model
    return cached, full


if __name__ == "__main__":
    for row in growth_table():
        print("length %6d  fp32 %10.1f MB  fp16 %10.1f MB  int8 %10.1f MB" % row)
    print("one step at 2048:", decode_flops(2048, 1024))
    print("window:", sliding_window(KVCache(1, 8, 2, 4), 4)[0].shape, np.float32)
