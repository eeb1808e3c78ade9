"""How far an order can be trusted: intervals over challenges, and tests of paired differences."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from statistics import mean, stdev

from generator.data import Comparison

CERTAIN = 0.95


def interval(values: list[float]) -> tuple[float, float] | None:
    """A 95 % t interval of the mean of values, one per challenge; None with fewer than two.

    Challenges are the sample: repeats of one challenge are not independent of each other.
    """
    if len(values) < 2:
        return None
    half = t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return round(mean(values) - half, 4), round(mean(values) + half, 4)


@functools.cache
def t_quantile(freedom: int) -> float:
    """The t between whose negative and itself CERTAIN of Student's distribution lies.

    By bisection of its closed form for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3
    and 26.7.4): SciPy, which has it too, takes longer to import than all else that a build does.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if within(angle, freedom) < CERTAIN else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def within(angle: float, freedom: int) -> float:
    """P(|t| < sqrt(freedom) tan(angle)), in the terms of 26.7.3 and 26.7.4."""
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= (k - 1) / k * math.cos(angle) ** 2
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total


def comparisons(
    points: dict[str, dict[str, float]],
    weights: dict[str, float],
    pairs: Iterable[tuple[str, str]],
) -> list[Comparison]:
    """Pairs of models over the challenges they share, with p values corrected by Holm (1979)."""
    made = []
    for a, b in pairs:
        shared = [c for c in points[a] if c in points[b]]
        differences = [(points[a][c] - points[b][c]) * weights.get(c, 1.0) for c in shared]
        average = sum(differences) / len(shared) if shared else 0.0
        made.append((a, b, len(shared), average, sign_flip(differences)))
    adjusted = holm([p for *_, p in made])
    return [
        Comparison(a=a, b=b, shared=n, difference=round(d, 4), p=round(p, 5), adjusted=round(q, 5))
        for (a, b, n, d, p), q in zip(made, adjusted, strict=True)
    ]


def sign_flip(differences: list[float]) -> float:
    """Exact two-sided p value of the mean difference: all 2^n sign changes (Fisher 1935, ch. 3).

    Differences count in thousandths, which grade points and weights of three decimals are exactly.
    The distribution of the sum is built up difference by difference, in n steps and not in 2^n.
    """
    import numpy as np

    whole = [round(1000 * difference) for difference in differences]
    unit = math.gcd(*whole)
    if not any(whole):
        return 1.0
    share = np.ones(1)  # of all sign changes, by their sum, from the least possible one upwards
    for step in sorted(abs(value) // unit for value in whole if value):
        wider = np.zeros(len(share) + 2 * step)
        wider[: len(share)] = share / 2
        wider[2 * step :] += share / 2
        share = wider
    observed, centre = abs(sum(whole)) // unit, len(share) // 2
    return float(share[: centre - observed + 1].sum() + share[centre + max(observed, 1) :].sum())


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjustment: the smallest of m is multiplied by m, the next by m - 1, ..."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [1.0] * len(p_values), 0.0
    for step, index in enumerate(order):
        running = max(running, (len(p_values) - step) * p_values[index])
        adjusted[index] = min(1.0, running)
    return adjusted


def separated(compared: list[Comparison], level: float) -> dict[str, set[str]]:
    """For each model, those that it is better than at this level."""
    found: dict[str, set[str]] = {}
    for row in compared:
        if row.adjusted < level:
            winner, loser = (row.a, row.b) if row.difference > 0 else (row.b, row.a)
            found.setdefault(winner, set()).add(loser)
    return found
