"""KV-cache for autoregressive decoding in plain Python: flat lists, explicit addresses."""

import math


class KVCache:
    """Keys and values in two flat lists, row-major over (layer, batch, head, position, i).

    Position is the axis before the last, so one head's history is contiguous and a step of
    attention streams through it once.
    """

    def __init__(self, num_layers, batch_size, num_heads, head_dim, max_seq_len):
        self.num_layers = num_layers
        self.batch_size = batch_size
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.max_seq_len = max_seq_len
        n = num_layers * batch_size * num_heads * max_seq_len * head_dim
        self.k = [0.0] * n
        self.v = [0.0] * n
        self.lengths = [0] * batch_size

    def _base(self, layer, b, h):
        return ((layer * self.batch_size + b) * self.num_heads + h) * self.max_seq_len * self.head_dim

    def append(self, layer, b, k, v):
        """Append one token of one sequence: k and v are [num_heads][head_dim]."""
        pos = self.lengths[b]
        for h in range(self.num_heads):
            at = self._base(layer, b, h) + pos * self.head_dim
            for i in range(self.head_dim):
                self.k[at + i] = k[h][i]
                self.v[at + i] = v[h][i]
        self.lengths[b] = pos + 1

    def get(self, layer, b):
        """Keys and values of one sequence, [num_heads][length][head_dim] each."""
        d, n = self.head_dim, self.lengths[b]
        ks, vs = [], []
        for h in range(self.num_heads):
            base = self._base(layer, b, h)
            ks.append([self.k[base + t * d:base + (t + 1) * d] for t in range(n)])
            vs.append([self.v[base + t * d:base + (t + 1) * d] for t in range(n)])
        return ks, vs

    def memory_bytes(self, bytes_per_element=8):
        """Bytes reserved for keys and values."""
        return (len(self.k) + len(self.v)) * bytes_per_element


def matvec(x, w):
    """x [n] times w [n][m] -> [m]."""
    return [sum(x[i] * w[i][j] for i in range(len(x))) for j in range(len(w[0]))]


def softmax(xs):
    m = max(xs)
    es = [math.exp(x - m) for x in xs]
    s = sum(es)
    return [e / s for e in es]


def attend(q, keys, values):
    """One head, one query: q [d], keys and values [n][d] -> [d]."""
    scale = 1.0 / math.sqrt(len(q))
    p = softmax([scale * sum(a * b for a, b in zip(q, k)) for k in keys])
    return [sum(p[t] * values[t][i] for t in range(len(values))) for i in range(len(q))]


def attention_step(x, cache, layer, w_q, w_k, w_v, w_o):
    """One new token per sequence: x [batch][d_model] -> [batch][d_model].

    Projects, appends to the cache, and attends over what is cached. The new token is the last of
    its sequence, so every cached position may be seen and no mask is needed.
    """
    d = cache.head_dim
    out = []
    for b, token in enumerate(x):
        q, k, v = matvec(token, w_q), matvec(token, w_k), matvec(token, w_v)
        heads = range(cache.num_heads)
        cache.append(layer, b, [k[h * d:(h + 1) * d] for h in heads], [v[h * d:(h + 1) * d] for h in heads])
        keys, values = cache.get(layer, b)
        mixed = []
        for h in heads:
            mixed += attend(q[h * d:(h + 1) * d], keys[h], values[h])
        out.append(matvec(mixed, w_o))
    return out


def cache_bytes(num_layers, batch_size, num_heads, head_dim, seq_len, bytes_per_element=2):
    """What a cache of this size takes in a typed array (fp16 by default)."""
    return 2 * num_layers * batch_size * num_heads * head_dim * seq_len * bytes_per_element
