"""How a cost grows with the number of runs: the exponent of a power law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Growth:
    """Cost is proportional to runs ** slope; low and high are the slopes between neighbours.

    A fixed cost of starting flattens the first of these, so the last says most of what is to come.
    """

    slope: float
    low: float
    high: float
    last: float


def growth(runs: Sequence[int], costs: Sequence[float]) -> Growth | None:
    """Least squares of log cost on log runs; None with fewer than two sizes or a cost of nothing.

    runs: ascending.
    """
    if len(runs) < 2 or min(costs) <= 0:
        return None
    import numpy as np

    x, y = np.log(np.array(runs, float)), np.log(np.array(costs, float))
    slope = float(np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0][0])
    points = zip(runs, costs, strict=True)
    between = [math.log(d / b) / math.log(c / a) for (a, b), (c, d) in pairwise(points)]
    return Growth(slope, min(between), max(between), between[-1])
