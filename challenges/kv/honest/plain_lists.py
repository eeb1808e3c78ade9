"""No array operations: nested Python lists, one token at a time."""

import math

import numpy as np


class ListCache:
    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, item_size):
        self.capacity, self.heads, self.dim = max_seq_len, num_heads, head_dim
        self.item_size = item_size
        # store[layer][row] is a list of (key, value) per token, each a flat list of heads * dim.
        self.store = [[[] for _ in range(batch_size)] for _ in range(num_layers)]


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers=1, dtype=np.float32):
    item_size = np.dtype(dtype).itemsize
    return ListCache(batch_size, max_seq_len, num_heads, head_dim, num_layers, item_size)


def flat(heads, token):
    """One token's (H, d) values of an (H, T, d) nested list."""
    return [value for head in heads for value in head[token]]


def append_kv(cache, layer, k, v, lengths=None):
    rows = cache.store[layer]
    counts = [len(k[0][0])] * len(rows) if lengths is None else [int(n) for n in lengths]
    if any(len(row) + count > cache.capacity for row, count in zip(rows, counts, strict=True)):
        raise OverflowError("the cache is full")
    k, v = np.asarray(k).tolist(), np.asarray(v).tolist()
    for row, count in enumerate(counts):
        for token in range(count):
            rows[row].append((flat(k[row], token), flat(v[row], token)))


def read_kv(cache, layer, row):
    held = cache.store[layer][row]
    shape = (len(held), cache.heads, cache.dim)
    k, v = (np.array([pair[i] for pair in held], dtype=np.float64).reshape(shape) for i in (0, 1))
    return k.transpose(1, 0, 2), v.transpose(1, 0, 2)


def cache_lengths(cache):
    return [len(row) for row in cache.store[0]]


def cache_bytes(cache):
    tokens = sum(len(row) for layer in cache.store for row in layer)
    return 2 * tokens * cache.heads * cache.dim * cache.item_size


def project(token, columns):
    return [sum(a * b for a, b in zip(token, column, strict=True)) for column in columns]


def attend_token(cache, held, query):
    out = []
    for head in range(cache.heads):
        part = slice(head * cache.dim, (head + 1) * cache.dim)
        scores = [
            sum(a * b for a, b in zip(query[part], key[part], strict=True)) / math.sqrt(cache.dim)
            for key, _ in held
        ]
        top = max(scores)
        weights = [math.exp(score - top) for score in scores]
        total = sum(weights)
        mixed = [0.0] * cache.dim
        for weight, (_, value) in zip(weights, held, strict=True):
            for i, number in enumerate(value[part]):
                mixed[i] += weight * number
        out += [number / total for number in mixed]
    return out


def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    q_cols, k_cols, v_cols, o_cols = (np.asarray(w).T.tolist() for w in (w_q, w_k, w_v, w_o))
    rows = cache.store[layer]
    tokens = np.asarray(x).tolist()
    counts = [len(row) for row in tokens] if lengths is None else [int(n) for n in lengths]
    if any(len(row) + count > cache.capacity for row, count in zip(rows, counts, strict=True)):
        raise OverflowError("the cache is full")
    out = [[[0.0] * len(token) for token in row] for row in tokens]
    for row, count in enumerate(counts):
        for position in range(count):
            token = tokens[row][position]
            rows[row].append((project(token, k_cols), project(token, v_cols)))
            mixed = attend_token(cache, rows[row], project(token, q_cols))
            out[row][position] = project(mixed, o_cols)
    return out
