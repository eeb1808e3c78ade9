"""Layer normalisation and its gradients: the trusted answer, and an honest one in any dtype.

Per row, with D features: mu = mean(x), var = mean((x - mu)^2), xhat = (x - mu) / sqrt(var + eps),
y = gamma xhat + beta. Ba, Kiros, Hinton, Layer Normalization, arXiv:1607.06450, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def reference(x: Array, gamma: Array, beta: Array, eps: float, dy: Array) -> dict[str, Array]:
    """Return y and dx of shape (B, T, D), dgamma and dbeta of shape (D,), in float64.

    The chain rule taken one step at a time (variance, then mean, then input) in extended precision
    where the platform has it, so that its own rounding does not count against a float64 output.
    """
    x, gamma, beta, dy = (a.astype(np.longdouble) for a in (x, gamma, beta, dy))
    width = x.shape[-1]
    centred = x - x.sum(-1, keepdims=True) / width
    inv = 1 / np.sqrt((centred**2).sum(-1, keepdims=True) / width + eps)
    dxhat = dy * gamma
    dvar = (dxhat * centred).sum(-1, keepdims=True) * inv**3 / -2
    dmean = -(dxhat * inv).sum(-1, keepdims=True)
    answer = {
        "y": gamma * centred * inv + beta,
        "dx": dxhat * inv + dvar * 2 * centred / width + dmean / width,
        "dgamma": (dy * centred * inv).sum((0, 1)),
        "dbeta": dy.sum((0, 1)),
    }
    return {name: value.astype(np.float64) for name, value in answer.items()}


def baseline(x: Array, gamma: Array, beta: Array, eps: float, dy: Array) -> dict[str, Array]:
    """The same outputs from the compact form, in the dtype of the inputs, every sum in order.

    Summing one element after the other is the least accurate of the right ways, so what this loses
    is what an honest output may lose.
    """
    width = x.shape[-1]
    centred = x - in_order(x) / width
    inv = 1 / np.sqrt(in_order(centred**2) / width + x.dtype.type(eps))
    xhat = centred * inv
    g = dy * gamma
    return {
        "y": gamma * xhat + beta,
        "dx": inv * (g - in_order(g) / width - xhat * in_order(g * xhat) / width),
        "dgamma": in_order((dy * xhat).reshape(-1, width).T)[:, 0],
        "dbeta": in_order(dy.reshape(-1, width).T)[:, 0],
    }


def in_order(values: Array) -> Array:
    """The sum along the last axis, kept as an axis of length one, added up from first to last."""
    return np.cumsum(values, axis=-1, dtype=values.dtype)[..., -1:]
