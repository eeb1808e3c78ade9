"""Plain Python loops over scalars, summing in order; answers are always float64."""

import math

import numpy as np


def layer_norm_forward(x, gamma, beta, eps):
    """Return (y, cache); the cache holds the normalised rows as nested lists."""
    rows = x.reshape(-1, x.shape[-1]).tolist()
    scale, shift = gamma.tolist(), beta.tolist()
    hats, invs, out = [], [], []
    for row in rows:
        mean = sum(row) / len(row)
        var = sum((value - mean) ** 2 for value in row) / len(row)
        inv = 1 / math.sqrt(var + eps)
        hat = [(value - mean) * inv for value in row]
        hats.append(hat)
        invs.append(inv)
        out.append([s * h + b for s, h, b in zip(scale, hat, shift, strict=True)])
    return np.array(out).reshape(x.shape), (hats, invs, scale)


def layer_norm_backward(dy, cache):
    """Return [dx, dgamma, dbeta], a list."""
    hats, invs, scale = cache
    width = len(scale)
    dgamma, dbeta = [0.0] * width, [0.0] * width
    out = []
    for row, hat, inv in zip(dy.reshape(-1, width).tolist(), hats, invs, strict=True):
        grads = [d * s for d, s in zip(row, scale, strict=True)]
        mean_g = sum(grads) / width
        mean_gh = sum(g * h for g, h in zip(grads, hat, strict=True)) / width
        out.append([inv * (g - mean_g - h * mean_gh) for g, h in zip(grads, hat, strict=True)])
        for i, (d, h) in enumerate(zip(row, hat, strict=True)):
            dgamma[i] += d * h
            dbeta[i] += d
    return [np.array(out).reshape(dy.shape), np.array(dgamma), np.array(dbeta)]
