"""Blocks from a pool, softmax accumulated block by block; every optional part is here too.

The running maximum and sum follow Milakov and Gimelshein, "Online normalizer calculation for
softmax" (2018).
"""

import numpy as np


class BlockCache:
    """Keys and values in blocks of (2, H, block_size, d); table[layer][row] lists the blocks."""

    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype, block_size):
        self.capacity, self.block_size = max_seq_len, block_size
        per_row = -(-max_seq_len // block_size)
        count = per_row * batch_size * num_layers
        self.pool = np.empty((count, 2, num_heads, block_size, head_dim), dtype=dtype)
        self.free = list(range(count))[::-1]
        self.table = [[[] for _ in range(batch_size)] for _ in range(num_layers)]
        self.counts = [[0] * batch_size for _ in range(num_layers)]

    def put(self, layer, row, k, v):
        """One token, (H, d) each."""
        at = self.counts[layer][row]
        if at % self.block_size == 0:
            self.table[layer][row].append(self.free.pop())
        block = self.pool[self.table[layer][row][-1]]
        block[0, :, at % self.block_size] = k
        block[1, :, at % self.block_size] = v
        self.counts[layer][row] = at + 1

    def blocks(self, layer, row):
        """The filled parts of a row's blocks, (2, H, n, d) each."""
        left = self.counts[layer][row]
        for index in self.table[layer][row]:
            yield self.pool[index][:, :, : min(left, self.block_size)]
            left -= self.block_size


class ByteCache:
    """Signed 8-bit codes with one scale per token and head."""

    def __init__(self, batch_size, max_seq_len, num_layers):
        self.capacity = max_seq_len
        self.rows = [[[] for _ in range(batch_size)] for _ in range(num_layers)]

    def put(self, layer, row, k, v):
        self.rows[layer][row].append((self.codes(k), self.codes(v)))

    @staticmethod
    def codes(x):
        scale = np.maximum(np.abs(x).max(axis=-1, keepdims=True), 1e-30) / 127
        return np.clip(np.rint(x / scale), -127, 127).astype(np.int8), scale

    def blocks(self, layer, row):
        held = self.rows[layer][row]
        pair = [np.stack([token[i][0] * token[i][1] for token in held], axis=1) for i in (0, 1)]
        yield np.stack(pair)

    @property
    def counts(self):
        return [[len(row) for row in layer] for layer in self.rows]


def create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers=1, dtype=np.float32):
    size = min(16, max_seq_len)
    return BlockCache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype, size)


def create_paged_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype, block_size):
    return BlockCache(batch_size, max_seq_len, num_heads, head_dim, num_layers, dtype, block_size)


def create_quantised_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers):  # noqa: ARG001
    return ByteCache(batch_size, max_seq_len, num_layers)


def append_kv(cache, layer, k, v, lengths=None):
    counts = [k.shape[2]] * k.shape[0] if lengths is None else lengths
    for row, new in enumerate(counts):
        if cache.counts[layer][row] + new > cache.capacity:
            raise MemoryError("no room for the new tokens")
    for row, new in enumerate(counts):
        for token in range(new):
            cache.put(layer, row, k[row, :, token], v[row, :, token])


def read_kv(cache, layer, row):
    k, v = np.concatenate(list(cache.blocks(layer, row)), axis=2)
    return k, v


def cache_lengths(cache):
    return np.array(cache.counts[0])


def cache_bytes(cache):
    return cache.pool.nbytes


def attend_row(cache, layer, row, query):
    """One token's query (H, d) over the row's blocks -> (H, d)."""
    top = np.full(query.shape[0], -np.inf, dtype=query.dtype)
    total = np.zeros_like(top)
    mixed = np.zeros_like(query)
    for keys, values in cache.blocks(layer, row):
        scores = (keys * query[:, None]).sum(axis=-1) / np.sqrt(query.dtype.type(query.shape[1]))
        new_top = np.maximum(top, scores.max(axis=1))
        weights = np.exp(scores - new_top[:, None])
        shrink = np.exp(top - new_top)
        total = total * shrink + weights.sum(axis=1)
        mixed = mixed * shrink[:, None] + np.matmul(weights[:, None], values)[:, 0]
        top = new_top
    return mixed / total[:, None]


def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    batch, size, width = x.shape
    heads = cache.pool.shape[2]
    q, k, v = (
        np.einsum("btd,de->bte", x, w).reshape(batch, size, heads, -1) for w in (w_q, w_k, w_v)
    )
    counts = np.full(batch, size) if lengths is None else lengths
    if any(cache.counts[layer][row] + counts[row] > cache.capacity for row in range(batch)):
        raise MemoryError("no room for the new tokens")
    out = np.zeros_like(x)
    for row in range(batch):
        for token in range(counts[row]):
            cache.put(layer, row, k[row, token], v[row, token])
            out[row, token] = attend_row(cache, layer, row, q[row, token]).reshape(width)
    return np.tensordot(out, w_o, axes=1)


def attend_again(cache, layer, x, w_q, w_k, w_v, w_o, lengths=None):
    """The same, every row's queries at once over its gathered keys and values."""
    batch, size, width = x.shape
    heads, dim = cache.pool.shape[2], cache.pool.shape[4]
    q, k, v = (
        (x @ w).reshape(batch, size, heads, dim).transpose(0, 2, 1, 3) for w in (w_q, w_k, w_v)
    )
    append_kv(cache, layer, k, v, lengths)
    counts = np.full(batch, size) if lengths is None else lengths
    out = np.zeros_like(x)
    for row, new in enumerate(counts):
        if not new:
            continue
        keys, values = read_kv(cache, layer, row)
        scores = q[row, :, :new] @ keys.transpose(0, 2, 1) / np.sqrt(dim)
        scores += np.where(np.tri(new, keys.shape[1], keys.shape[1] - new) > 0, 0, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        out[row, :new] = (weights @ values).transpose(1, 0, 2).reshape(new, width) @ w_o
    return out


class Decoder:
    """Token and position embeddings, layers of cached attention, and an output matrix."""

    def __init__(self, batch_size, max_seq_len, num_heads, head_dim, num_layers, vocab_size):
        draw = np.random.default_rng(1)
        width = num_heads * head_dim
        self.tokens = draw.standard_normal((vocab_size, width))
        self.positions = draw.standard_normal((max_seq_len, width))
        self.head = draw.standard_normal((width, vocab_size))
        self.weights = draw.standard_normal((num_layers, 4, width, width)) / np.sqrt(width)
        self.cache = create_cache(batch_size, max_seq_len, num_heads, head_dim, num_layers, float)


def create_decoder(batch_size, max_seq_len, num_heads, head_dim, num_layers, vocab_size):
    return Decoder(batch_size, max_seq_len, num_heads, head_dim, num_layers, vocab_size)


def decoder_step(decoder, tokens):
    start = decoder.cache.counts[0][0]
    x = decoder.tokens[tokens] + decoder.positions[start : start + tokens.shape[1]]
    for layer, weights in enumerate(decoder.weights):
        x = x + attend(decoder.cache, layer, x, *weights)
    return x[:, -1] @ decoder.head


def generate(decoder, prompt, max_new_tokens):
    logits = decoder_step(decoder, np.array([prompt]))
    made = []
    for _ in range(max_new_tokens):
        made.append(int(logits[0].argmax()))
        logits = decoder_step(decoder, np.array([[made[-1]]]))
    return made
