"""Preallocated arrays (L, B, H, capacity, d), a length per layer and row, batched einsum."""

import numpy as np


class Cache:
    """Keys and values of every layer, and how many tokens each row of each layer holds."""

    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype):
        shape = (num_layers, batch_size, num_heads, max_seq_len, head_dim)
        self.k = np.zeros(shape, dtype=dtype)
        self.v = np.zeros(shape, dtype=dtype)
        self.lengths = np.zeros((num_layers, batch_size), dtype=np.int64)


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers=1, dtype=np.float32):
    return Cache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype)


def append_kv(cache, layer, k, v, lengths=None):
    batch, _, size, _ = k.shape
    new = np.full(batch, size) if lengths is None else np.asarray(lengths)
    start = cache.lengths[layer]
    if (start + new > cache.k.shape[3]).any():
        raise ValueError("write past the cache's capacity")
    for row in range(batch):
        at, count = start[row], new[row]
        cache.k[layer, row, :, at : at + count] = k[row, :, :count]
        cache.v[layer, row, :, at : at + count] = v[row, :, :count]
    cache.lengths[layer] = start + new


def read_kv(cache, layer, row):
    length = cache.lengths[layer, row]
    return cache.k[layer, row, :, :length], cache.v[layer, row, :, :length]


def cache_lengths(cache):
    return cache.lengths[0]


def cache_bytes(cache):
    return cache.k.nbytes + cache.v.nbytes


def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    batch, size, width = x.shape
    heads, dim = cache.k.shape[2], cache.k.shape[4]
    q, k, v = (
        (x @ w).reshape(batch, size, heads, dim).transpose(0, 2, 1, 3) for w in (w_q, w_k, w_v)
    )
    start = cache.lengths[layer].copy()
    append_kv(cache, layer, k, v, lengths)
    longest = int(cache.lengths[layer].max())
    keys, values = cache.k[layer, :, :, :longest], cache.v[layer, :, :, :longest]
    scores = np.einsum("bhqd,bhkd->bhqk", q, keys) / np.sqrt(dim)
    position = start[:, None] + np.arange(size)
    hidden = np.arange(longest)[None, None, :] > position[:, :, None]
    scores = np.where(hidden[:, None], -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    out = np.einsum("bhqk,bhkd->bhqd", weights, values)
    return out.transpose(0, 2, 1, 3).reshape(batch, size, width) @ w_o
