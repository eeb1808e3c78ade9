"""Layer normalization with a hand-derived backward pass (NumPy only).

Forward, per row of D features:

    mu    = mean(x)
    var   = mean((x - mu)^2)
    rstd  = 1 / sqrt(var + eps)
    x_hat = (x - mu) * rstd
    y     = gamma * x_hat + beta

Backward, with g = dy * gamma:

    dx     = rstd * (g - mean(g) - x_hat * mean(g * x_hat))
    dgamma = sum over B, T of dy * x_hat
    dbeta  = sum over B, T of dy

Only x_hat, rstd and gamma are kept: x itself is not needed once x_hat is known.
"""

import numpy as np


def layer_norm_forward(x, gamma, beta, eps=1e-5):
    """x: (B, T, D) -> y: (B, T, D) and the cache (x_hat, rstd, gamma)."""
    mu = np.mean(x, axis=-1, keepdims=True)
    x_centered = x - mu
    # Two passes: E[x^2] - E[x]^2 would cancel when |mu| >> sigma.
    var = np.mean(x_centered * x_centered, axis=-1, keepdims=True)
    rstd = 1.0 / np.sqrt(var + eps)
    x_hat = x_centered * rstd
    y = gamma * x_hat + beta
    return y, (x_hat, rstd, gamma)


def layer_norm_backward(dy, cache):
    """dy: (B, T, D) -> dx: (B, T, D), dgamma: (D,), dbeta: (D,)."""
    x_hat, rstd, gamma = cache
    reduce_axes = tuple(range(dy.ndim - 1))

    dgamma = np.sum(dy * x_hat, axis=reduce_axes)
    dbeta = np.sum(dy, axis=reduce_axes)

    g = dy * gamma
    mean_g = np.mean(g, axis=-1, keepdims=True)
    mean_gx = np.mean(g * x_hat, axis=-1, keepdims=True)
    dx = rstd * (g - mean_g - x_hat * mean_gx)
    return dx, dgamma, dbeta
