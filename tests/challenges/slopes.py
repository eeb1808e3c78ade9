"""Slopes of a function of arrays, found without differentiating anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STEP = 1e-6
Array = NDArray[np.float64]


def slopes(function: Callable[[Array], float], at: Array) -> Array:
    """The derivative of `function` by each item of its argument, by central differences."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[place] += STEP
        below[place] -= STEP
        found[place] = (function(above) - function(below)) / (2 * STEP)
    return found
