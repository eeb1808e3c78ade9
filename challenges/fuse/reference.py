"""Float64 softmax and top-k, and an honest float32 softmax to measure rounding by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Softmax over the last axis in the dtype given; a row of nothing but -inf gives zeros."""
    top = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isneginf(top), 0, top))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / np.where(total > 0, total, 1)


def largest(values: NDArray[Any], k: int) -> NDArray[Any]:
    """The k largest along the last axis, in descending order."""
    place = values.shape[-1] - k
    top = np.partition(values, place, axis=-1)[..., place:] if place else values
    return np.sort(top, axis=-1)[..., ::-1]


def reference(logits: NDArray[Any], K: int) -> dict[str, NDArray[Any]]:
    """The probabilities asked for: {"probs": (rows, K)} for logits of shape (rows, V)."""
    return {"probs": largest(softmax(logits), K)}
