"""Grades -> Ranking, by one visible rule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import mean, stdev
from typing import get_args

from generator.data import POINTS, Grade, Letter, Place, Ranking

FEWEST = 6
RULE = (
    "Each letter counts its grade points (A 4.0, A- 3.7, B+ 3.3, ... F 0). A model's points are "
    "the mean over the challenges it was graded on, all weighing the same. Challenges it did not "
    "enter are never filled in; with fewer than six graded challenges it is listed and not ranked."
)


def rank(grader: str, grades: Iterable[Grade]) -> Ranking:
    """Order the models by mean grade points; ties share a range of ranks.

    Intervals are 95 % t intervals over challenges. Two ranked models are tied when a paired
    difference over their shared challenges is not distinguishable from zero at that level.
    """
    points = points_by_model(grades)
    order = sorted(points, key=lambda model: (-mean(points[model].values()), model))
    ranked = [model for model in order if len(points[model]) >= FEWEST]
    places = [place(model, points, ranked) for model in order]
    return Ranking(grader=grader, rule=RULE, places=tuple(places))


def points_by_model(grades: Iterable[Grade]) -> dict[str, dict[str, float]]:
    """Grade points by model and challenge; ungraded runs are left out."""
    found: dict[str, dict[str, float]] = {}
    for grade in grades:
        if grade.letter is not None:
            found.setdefault(grade.model, {})[grade.challenge] = POINTS[grade.letter]
    return found


def place(model: str, points: dict[str, dict[str, float]], ranked: list[str]) -> Place:
    """One row of the ranking."""
    own = points[model]
    average = mean(own.values())
    ahead = behind = 0
    if model in ranked:
        others = [other for other in ranked if other != model]
        ahead = sum(better(points[other], own) for other in others)
        behind = sum(better(own, points[other]) for other in others)
    return Place(
        model=model,
        points=round(average, 4),
        letter=nearest_letter(average),
        challenges=len(own),
        interval=interval(list(own.values())),
        best_rank=ahead + 1 if model in ranked else None,
        worst_rank=len(ranked) - behind if model in ranked else None,
    )


def better(a: dict[str, float], b: dict[str, float]) -> bool:
    """Whether the 95 % interval of a's paired advantage over b lies above zero."""
    differences = [a[challenge] - b[challenge] for challenge in a if challenge in b]
    found = interval(differences)
    return found is not None and found[0] > 0


def interval(values: list[float]) -> tuple[float, float] | None:
    """A 95 % t interval of the mean; None with fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return round(mean(values) - half, 4), round(mean(values) + half, 4)


def nearest_letter(points: float) -> Letter:
    """The letter whose points are nearest, the better one of two equally near."""
    letters = [letter for letter in get_args(Letter) if letter != "A+"]
    return min(letters, key=lambda letter: (abs(POINTS[letter] - points), -POINTS[letter]))
