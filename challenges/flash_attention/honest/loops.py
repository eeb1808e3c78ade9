"""Plain Python floats, one query and one key at a time; answers are always float64."""

import math

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal):
    """Return O of shape (B, H, N, D)."""
    out = np.empty(Q.shape)
    for where in np.ndindex(Q.shape[:2]):
        queries, keys, values = (a[where].tolist() for a in (Q, K, V))
        out[where] = [
            one_query(i, query, keys, values, tile_size, causal) for i, query in enumerate(queries)
        ]
    return out


def one_query(i, query, keys, values, tile_size, causal):
    """The output row of query i, key tiles in order."""
    scale = 1 / math.sqrt(len(query))
    top, total, acc = -math.inf, 0.0, [0.0] * len(query)
    last = i + 1 if causal else len(keys)
    for start in range(0, last, tile_size):
        stop = min(start + tile_size, last)
        scores = [sum(map(float.__mul__, query, keys[j])) * scale for j in range(start, stop)]
        new = max(top, *scores)
        keep = math.exp(top - new)
        total *= keep
        acc = [a * keep for a in acc]
        for j, score in zip(range(start, stop), scores, strict=True):
            weight = math.exp(score - new)
            total += weight
            acc = [a + weight * v for a, v in zip(acc, values[j], strict=True)]
        top = new
    return [a / total for a in acc]
