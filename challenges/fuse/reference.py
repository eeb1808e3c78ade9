"""Float64 softmax and top-k, and honest float32 softmaxes to measure rounding by."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Sum = Callable[[NDArray[Any]], NDArray[Any]]
LANES = (1, 32, 256)  # a thread, a warp, a block for each row


def pairwise(weights: NDArray[Any]) -> NDArray[Any]:
    """Sums over the last axis, kept as an axis of length one, in NumPy's pairwise order."""
    return np.sum(weights, axis=-1, keepdims=True)


def by_lanes(weights: NDArray[Any], lanes: int) -> NDArray[Any]:
    """The same as threads sum: each of `lanes` every so-manieth weight, then lane after lane.

    Sums in sequence lose more than NumPy's do (Higham, section 4.2), and a kernel that sums so is
    right all the same.
    """
    rows, v = weights.shape
    padded = np.pad(weights, ((0, 0), (0, -v % lanes))).reshape(rows, -1, lanes)
    partial_sums = np.add.accumulate(padded, axis=1)[:, -1]
    return np.add.accumulate(partial_sums, axis=1)[:, -1:]


def softmax(logits: NDArray[Any], total: Sum = pairwise) -> NDArray[Any]:
    """Softmax over the last axis in the dtype given; a row of nothing but -inf gives zeros."""
    top = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isneginf(top), 0, top))
    summed = total(weights)
    return weights / np.where(summed > 0, summed, 1)


def largest(values: NDArray[Any], k: int) -> NDArray[Any]:
    """The k largest along the last axis, in descending order."""
    place = values.shape[-1] - k
    top = np.partition(values, place, axis=-1)[..., place:] if place else values
    return np.sort(top, axis=-1)[..., ::-1]


def reference(logits: NDArray[Any], K: int, total: Sum = pairwise) -> dict[str, NDArray[Any]]:
    """The probabilities asked for: {"probs": (rows, K)} for logits of shape (rows, V)."""
    return {"probs": largest(softmax(logits, total), K)}


BASELINES = (
    reference,
    *(partial(reference, total=partial(by_lanes, lanes=count)) for count in LANES),
)
