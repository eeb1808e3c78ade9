"""The trusted answers in float64 NumPy: group-wise ternary projection and what follows from it.

For each row of W, in groups of 128 along the last axis (the last group of a row may be shorter):

    s = mean |w|          over the group
    c = clip(round(w / s), -1, 1)
    P(w) = s * c

which is the absmean rule of BitNet b1.58 (Ma et al. 2024, section 2) applied to groups. Backward,
the straight-through estimator (Bengio, Leonard and Courville 2013): dL/dW = dL/dP(W), unchanged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GROUP = 128


def groups(width: int, size: int = GROUP) -> list[slice]:
    """The groups of one row, as slices of its columns."""
    return [slice(start, min(start + size, width)) for start in range(0, width, size)]


def scales(weight: NDArray[np.floating], size: int = GROUP) -> Array:
    """mean |w| of the group of each element; shape of W."""
    result = np.zeros(weight.shape)
    for columns in groups(weight.shape[-1], size):
        part = np.abs(weight[..., columns].astype(np.float64))
        result[..., columns] = part.mean(axis=-1, keepdims=True)
    return result


def codes(weight: NDArray[np.floating], size: int = GROUP) -> Array:
    """The nearest of -1, 0, 1 to w / s, exactly half going to 0; zero where the whole group is."""
    nearest: Array = np.sign(weight) * (
        np.abs(weight.astype(np.float64)) > scales(weight, size) / 2
    )
    return nearest


def project(weight: NDArray[np.floating], size: int = GROUP) -> Array:
    """P(W), of the shape of W."""
    return scales(weight, size) * codes(weight, size)


def linear(x: NDArray[np.floating], weight: NDArray[np.floating]) -> Array:
    """x @ P(W).T for x of shape (..., in) and W of shape (out, in)."""
    return x.astype(np.float64) @ project(weight).T


def linear_gradients(
    x: NDArray[np.floating], weight: NDArray[np.floating], upstream: NDArray[np.floating]
) -> tuple[Array, Array]:
    """(dW, dx) of sum(linear(x, W) * upstream): dW as if P were the identity, dx through P(W)."""
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    out = upstream.reshape(-1, upstream.shape[-1]).astype(np.float64)
    return out.T @ rows, (out @ project(weight)).reshape(x.shape)


def unigram_loss(
    tokens: NDArray[np.integer], held_out: NDArray[np.integer], vocabulary: int
) -> float:
    """Mean loss in nats on held-out tokens of a model that knows frequencies alone.

    One is added to each count, so that no token is impossible.
    """
    counts = np.bincount(tokens, minlength=vocabulary) + 1.0
    return float(-np.log(counts / counts.sum())[held_out].mean())
