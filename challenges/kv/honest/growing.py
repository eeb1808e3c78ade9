"""One growing array per layer and row, row-by-row attention with a loop over heads."""

import numpy as np


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers=1, dtype=np.float32):
    empty = np.empty((num_heads, 0, head_dim), dtype=dtype)
    rows = [[(empty, empty) for _ in range(batch_size)] for _ in range(num_layers)]
    return {"rows": rows, "capacity": max_seq_len, "num_heads": num_heads}


def append_kv(cache, layer, k, v, lengths=None):
    rows = cache["rows"][layer]
    counts = [k.shape[2]] * len(rows) if lengths is None else [int(n) for n in lengths]
    for (keys, _), count in zip(rows, counts, strict=True):
        if keys.shape[1] + count > cache["capacity"]:
            raise IndexError(f"{keys.shape[1]} tokens held, {count} more do not fit")
    for row, count in enumerate(counts):
        cache["rows"][layer][row] = tuple(
            np.concatenate([old, new[row, :, :count].astype(old.dtype)], axis=1)
            for old, new in zip(rows[row], (k, v), strict=True)
        )


def read_kv(cache, layer, row):
    return cache["rows"][layer][row]


def cache_lengths(cache):
    return [keys.shape[1] for keys, _ in cache["rows"][0]]


def cache_bytes(cache):
    return sum(part.nbytes for layer in cache["rows"] for pair in layer for part in pair)


def softmax(scores):
    shifted = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return shifted / np.sum(shifted, axis=-1, keepdims=True)


def split(x, heads):
    batch, size, width = x.shape
    return np.swapaxes(x.reshape(batch, size, heads, width // heads), 1, 2)


def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    heads = cache["num_heads"]
    batch, size, width = x.shape
    before = [keys.shape[1] for keys, _ in cache["rows"][layer]]
    q = split(np.dot(x, w_q), heads)
    append_kv(cache, layer, split(np.dot(x, w_k), heads), split(np.dot(x, w_v), heads), lengths)
    out = np.zeros((batch, size, width), dtype=x.dtype)
    for row in range(batch):
        count = size if lengths is None else int(lengths[row])
        keys, values = read_kv(cache, layer, row)
        visible = np.tri(count, keys.shape[1], k=before[row], dtype=bool)
        for head in range(heads):
            if not count:
                continue
            scores = q[row, head, :count] @ keys[head].T * (width // heads) ** -0.5
            weights = softmax(np.where(visible, scores, np.finfo(scores.dtype).min))
            columns = slice(head * (width // heads), (head + 1) * (width // heads))
            out[row, :count, columns] = weights @ values[head]
    return out @ w_o
