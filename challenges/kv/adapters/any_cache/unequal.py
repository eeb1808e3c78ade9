"""Attention where rows of a batch have unlike numbers of new tokens."""

import numpy as np

from challenges.driving.refusing import NotTestable

from .layouts import split
from .one_call import called


def unequal(use, cache, layer, x, weights, new):
    """Attend with `new` (B,) tokens in the rows of x (B, T, D), in a way that the output can take.

    Raises NotTestable where there is none.
    """
    apart = "b" not in use.layout
    told = "new_lengths" in use.slots or ("lengths" in use.slots and not use.totals)
    if use.update == "self" and (apart or "rows" in use.slots):
        return row_by_row(use, cache, layer, x, weights, new)
    if use.update == "self" and told:
        y = called(use, cache, layer, x, weights, None, new)
        cache.counts[layer] += new
        cache.advance(layer, new)
        return y
    if use.update != "before" or not (apart or writes_rows(use.cache_use)):
        raise NotTestable(f"{use.name} and its cache take one length for the whole batch")
    if "lengths" not in use.slots and use.stateless() and not apart:
        raise NotTestable(f"{use.name} has no way to say that rows have lengths of their own")
    return token_by_token(use, cache, layer, x, weights, new)


def writes_rows(cache_use):
    """Whether a cache's writer takes a row alone, or how many tokens each has."""
    return "b" not in cache_use.layout or {"lengths", "new_lengths"} & cache_use.written()


def row_by_row(use, cache, layer, x, weights, new):
    """Each row on its own, all of its tokens at once where that is possible."""
    y = np.zeros(x.shape)
    for row, count in enumerate(new):
        size = count if use.many else 1
        for t in range(0, count, max(size, 1)):
            piece = x[:, t : t + size]
            y[row, t : t + size] = called(use, cache, layer, piece, weights, row)[0]
            cache.counts[layer, row] += size
    return y


def token_by_token(use, cache, layer, x, weights, new):
    """One token of each row that has one left, written by us before attention reads it."""
    y = np.zeros(x.shape)
    for t in range(int(new.max())):
        now, token = (new > t).astype(np.int64), x[:, t : t + 1]
        write(cache, layer, token, weights, now)
        some = [row for row in range(len(new)) if now[row]]
        if "b" in use.layout:
            y[some, t] = called(use, cache, layer, token, weights, None)[some, 0]
        else:
            for row in some:
                y[row, t] = called(use, cache, layer, token, weights, row)[0, 0]
    return y


def write(cache, layer, x, weights, lengths):
    """Append the keys and values of hidden states x (B, T, D) to a cache."""
    heads = cache.config["num_heads"]
    k, v = (split(x @ w, heads) for w in weights[1:3])
    cache.write(layer, k, v, lengths)
