"""Plain Python floats, one head, one query and one key at a time; answers are always float64."""

import math

import numpy as np


def dot(a, b):
    """The sum of the products, in order."""
    return sum(map(float.__mul__, a, b))


def add(row, factor, other):
    """row += factor * other, in place."""
    for d, value in enumerate(other):
        row[d] += factor * value


def flash_attention_fwd(Q, K, V, tile_size, causal):
    """Return [O, cache]; the cache is a tuple that holds the inputs, O and L."""
    out, L = np.empty(Q.shape), np.empty(Q.shape[:3])
    for where in np.ndindex(Q.shape[:2]):
        queries, keys, values = (a[where].tolist() for a in (Q, K, V))
        for i, query in enumerate(queries):
            last = i + 1 if causal else len(keys)
            out[where][i], L[where][i] = one_query(query, keys, values, last, tile_size)
    return [out, (Q, K, V, out, L)]


def one_query(query, keys, values, last, tile_size):
    """The output row and its log-sum-exp over keys 0 to last - 1, tile by tile."""
    scale = 1 / math.sqrt(len(query))
    top, total, acc = -math.inf, 0.0, [0.0] * len(query)
    for start in range(0, last, tile_size):
        tile = range(start, min(start + tile_size, last))
        scores = [dot(query, keys[j]) * scale for j in tile]
        new = max(top, *scores)
        keep = math.exp(top - new)
        total *= keep
        acc = [a * keep for a in acc]
        for j, score in zip(tile, scores, strict=True):
            weight = math.exp(score - new)
            total += weight
            add(acc, weight, values[j])
        top = new
    return [a / total for a in acc], top + math.log(total)


def flash_attention_bwd(dO, cache, tile_size, causal):
    """Return [dQ, dK, dV]."""
    Q, K, V, out, L = cache
    scale = 1 / math.sqrt(Q.shape[-1])
    grads = [np.zeros(Q.shape) for _ in range(3)]
    for where in np.ndindex(Q.shape[:2]):
        q, k, v, do = (a[where].tolist() for a in (Q, K, V, dO))
        dq, dk, dv = (np.zeros((len(q), len(q[0]))).tolist() for _ in range(3))
        delta = [dot(a, b) for a, b in zip(do, out[where].tolist(), strict=True)]
        lse = L[where].tolist()
        for i, j in pairs(len(q), tile_size, causal):
            p = math.exp(dot(q[i], k[j]) * scale - lse[i])
            ds = p * (dot(do[i], v[j]) - delta[i]) * scale
            add(dv[j], p, do[i])
            add(dq[i], ds, k[j])
            add(dk[j], ds, q[i])
        for grad, rows in zip(grads, (dq, dk, dv), strict=True):
            grad[where] = rows
    return grads


def pairs(length, tile_size, causal):
    """Every query and key that it sees, key tile by key tile."""
    for start in range(0, length, tile_size):
        for i in range(start if causal else 0, length):
            stop = min(start + tile_size, i + 1 if causal else length)
            for j in range(start, min(stop, length)):
                yield i, j
