"""Numbers out of untrusted values, and what the cases of every kind share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import Finding, as_float, describe, unit_roundoff

Array = NDArray[Any]
Call = dict[str, Any]
Inputs = Mapping[str, Any]
WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


def config(batch: int, capacity: int, heads: int, dim: int, layers: int, dtype: str) -> Call:
    """What a cache is created with."""
    return {
        "batch_size": batch,
        "max_seq_len": capacity,
        "num_heads": heads,
        "head_dim": dim,
        "num_layers": layers,
        "dtype": dtype,
    }


def real_lengths(call: Inputs) -> Array:
    """(C, B): how many positions of each chunk are real in each row."""
    if call["lengths"] is not None:
        return np.asarray(call["lengths"])
    return np.repeat(np.array(call["chunks"], dtype=np.int64)[:, None], call["batch_size"], axis=1)


def near(name: str, got: Any, expected: Array, bound: float | None = None) -> Finding:
    """Equal up to `bound`; by default bit for bit, or to rounding where float32 came back."""
    values = as_float(got)
    if values is None or values.shape != expected.shape:
        return Finding(name, False, detail=f"got {describe(got)}, expected shape {expected.shape}")
    if bound is None:
        narrow = isinstance(got, np.ndarray) and got.dtype == np.float32
        largest = float(np.abs(expected).max(initial=0))
        bound = unit_roundoff(np.float32) * largest if narrow else 0.0
    if not np.isfinite(values).all():
        return Finding(name, False, detail="values not finite")
    error = float(np.abs(values - expected).max(initial=0))
    return Finding(name, error <= bound, error, bound)


def number(value: Any) -> float:
    """A finite float, or NaN: comparisons with NaN are false, so nothing passes with it."""
    found = as_float(value)
    return float(found) if found is not None and found.ndim == 0 else float("nan")


def numbers(value: Any) -> list[float]:
    """Two numbers; NaN where there are none."""
    items = value if isinstance(value, list) else []
    return [number(item) for item in [*items, None, None][:2]]
