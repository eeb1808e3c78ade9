"""One flat store, (layer, row, position) computed by hand, and no check of the position."""

import numpy as np


class Cache:
    """Keys and values of every layer, and how many tokens each row of each layer holds."""

    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype):
        shape = (num_layers * batch_size * max_seq_len + max_seq_len, num_heads, head_dim)
        self.k = np.zeros(shape, dtype=dtype)
        self.v = np.zeros(shape, dtype=dtype)
        self.capacity = max_seq_len
        self.lengths = np.zeros((num_layers, batch_size), dtype=np.int64)


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers=1, dtype=np.float32):
    return Cache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype)


def place(cache, layer, row, position):
    return (layer * cache.lengths.shape[1] + row) * cache.capacity + position


def append_kv(cache, layer, k, v, lengths=None):
    batch, _, size, _ = k.shape
    new = np.full(batch, size) if lengths is None else np.asarray(lengths)
    for row in range(batch):
        for token in range(new[row]):
            at = place(cache, layer, row, cache.lengths[layer, row])
            cache.k[at], cache.v[at] = k[row, :, token], v[row, :, token]
            cache.lengths[layer, row] += 1


def read_kv(cache, layer, row):
    start = place(cache, layer, row, 0)
    stop = start + cache.lengths[layer, row]
    return cache.k[start:stop].transpose(1, 0, 2), cache.v[start:stop].transpose(1, 0, 2)


def cache_lengths(cache):
    return cache.lengths[0]


def cache_bytes(cache):
    return cache.k.nbytes + cache.v.nbytes
