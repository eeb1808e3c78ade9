"""Numerics of the decoder."""

import numpy as np


def log_softmax(logits):
    """Stable log-softmax over the last axis, in float64."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def top_k(values, k):
    """Values (n, V) -> values and indices (n, min(k, V)) of the largest, best first."""
    k = min(k, values.shape[-1])
    index = np.argpartition(values, -k, axis=-1)[..., -k:]
    picked = np.take_along_axis(values, index, axis=-1)
    order = np.argsort(-picked, axis=-1)
    return np.take_along_axis(picked, order, axis=-1), np.take_along_axis(index, order, axis=-1)


def length_normalised(log_prob, length, alpha):
    """log_prob / length ** alpha; a hypothesis without tokens scores 0."""
    return log_prob / length ** alpha if length else 0.0
