"""Layer normalisation, forward and backward. Derivation and cost: NOTES.md."""

from typing import NamedTuple

import numpy as np


class Cache(NamedTuple):
    h: np.ndarray  # normalised input, (B, T, D)
    r: np.ndarray  # inverse standard deviation, (B, T, 1)
    gamma: np.ndarray


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """y = gamma (x - mu) / sqrt(var + eps) + beta over the last axis. Returns (y, cache)."""
    d = x - x.mean(-1, keepdims=True)
    r = 1.0 / np.sqrt(np.mean(d * d, -1, keepdims=True) + eps)
    d *= r
    return d * gamma + beta, Cache(d, r, gamma)


def layernorm_backward(dy, cache):
    """Gradients (dx, dgamma, dbeta) of sum(y * dy)."""
    h, r, gamma = cache
    D = h.shape[-1]
    dgamma = (dy * h).reshape(-1, D).sum(0)
    dbeta = dy.reshape(-1, D).sum(0)
    g = dy * gamma
    along = np.einsum("...d,...d->...", g, h)[..., None] / D
    dx = (g - g.mean(-1, keepdims=True) - h * along) * r
    return dx, dgamma, dbeta
