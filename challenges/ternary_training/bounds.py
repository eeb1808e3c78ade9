"""What a judge allows: rounding errors of a projection and of products with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import Call, Finding, as_float, describe, unit_roundoff
from challenges.ternary_training import reference
from challenges.ternary_training.inputs import GROUP

Calls = tuple[Call, ...]
Got = list[dict[str, Any]]
Array = NDArray[Any]
EPSILON = 1e-5
ROUNDOFF = 64 * unit_roundoff(np.float32)


def within(name: str, got: Any, expected: Array, allowed: Array | float) -> Finding:
    """Judge an array element by element against an absolute bound."""
    values = as_float(got)
    if values is None or values.shape != expected.shape:
        return Finding(name, False, detail=f"got {describe(got)}, expected shape {expected.shape}")
    if not np.isfinite(values).all():
        return Finding(name, False, detail=f"{int((~np.isfinite(values)).sum())} values not finite")
    error, bound = np.abs(values - expected), np.broadcast_to(allowed, expected.shape)
    worst = int(np.argmax(error - bound))
    failed = int((~(error <= bound)).sum())  # also where something is not a number
    detail = f"{failed} of {error.size} values outside the bound" if failed else ""
    return Finding(name, failed == 0, float(error.flat[worst]), float(bound.flat[worst]), detail)


def allowed_for(weight: Array, size: int = GROUP, epsilon: float = EPSILON) -> Array:
    """The error allowed to each element of P(W): an epsilon in the scale, rounding at max|w|."""
    largest = np.zeros(weight.shape)
    for columns in reference.groups(weight.shape[1], size):
        largest[:, columns] = np.abs(weight[:, columns]).max(axis=1, keepdims=True)
    return np.minimum(epsilon, reference.scales(weight, size)) + ROUNDOFF * largest


def allowed_in_products(weight: Array) -> Array:
    """The same for a term of a matrix product, where errors of rounding mostly cancel."""
    coarse, fine = allowed_for(weight, epsilon=0), np.abs(reference.project(weight))
    return EPSILON * (fine > 0) + coarse / 8 + ROUNDOFF / 4 * fine
