"""Nothing is changed in place: appending returns a new cache, attending the result and a cache."""

from typing import NamedTuple

import numpy as np


class Frozen(NamedTuple):
    """k and v: (layer, row) -> (length, H, d) arrays that are never written to again."""

    k: dict
    v: dict
    shape: tuple
    capacity: int


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype):
    empty = np.empty((0, num_heads, head_dim), dtype)
    places = [(layer, row) for layer in range(num_layers) for row in range(batch_size)]
    shape = (num_layers, batch_size, num_heads, head_dim)
    return Frozen(dict.fromkeys(places, empty), dict.fromkeys(places, empty), shape, max_seq_len)


def append_kv(cache, layer, k, v, lengths=None):
    new_k, new_v = dict(cache.k), dict(cache.v)
    for row in range(cache.shape[1]):
        count = k.shape[2] if lengths is None else lengths[row]
        for store, tokens in ((new_k, k), (new_v, v)):
            added = tokens[row, :, :count].swapaxes(0, 1)
            store[layer, row] = np.vstack([store[layer, row], added])
        if len(new_k[layer, row]) > cache.capacity:
            raise ValueError(f"row {row} does not fit")
    return cache._replace(k=new_k, v=new_v)


def read_kv(cache, layer, row):
    return tuple(store[layer, row].swapaxes(0, 1) for store in (cache.k, cache.v))


def cache_lengths(cache):
    return tuple(len(cache.k[0, row]) for row in range(cache.shape[1]))


def cache_bytes(cache):
    return sum(array.nbytes for store in (cache.k, cache.v) for array in store.values())


def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    batch, size, width = x.shape
    _, _, heads, dim = cache.shape
    q, k, v = (np.matmul(x, w).reshape(batch, size, heads, dim) for w in (w_q, w_k, w_v))
    after = append_kv(cache, layer, k.swapaxes(1, 2), v.swapaxes(1, 2), lengths)
    y = np.zeros_like(x)
    for row in range(batch):
        keys, values = after.k[layer, row], after.v[layer, row]
        before = len(cache.k[layer, row])
        for token in range(len(keys) - before):
            seen = before + token + 1
            scores = np.einsum("hd,nhd->hn", q[row, token], keys[:seen]) / dim**0.5
            weights = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
            y[row, token] = np.einsum("hn,nhd->hd", weights, values[:seen]).reshape(width)
    return y @ w_o, after
