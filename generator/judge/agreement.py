"""How far graders agree with each other, over the runs that both gave a letter."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from generator.data import POINTS, Agreement, Grade, Letter
from generator.letters import steps


def agreements(grades: dict[str, dict[str, Grade]]) -> Iterator[Agreement]:
    """Every two graders, by grader and `model/challenge`; also those that share no run."""
    for a, b in combinations(sorted(name for name, found in grades.items() if found), 2):
        apart = [steps(one, other) for one, other in shared(grades[a], grades[b])]
        yield Agreement(
            a=a,
            b=b,
            alpha=alpha(paired(grades[a], grades[b])),
            n=len(apart),
            same=apart.count(0),
            apart=round(sum(apart) / len(apart), 4) if apart else None,
        )


def paired(own: dict[str, Grade], other: dict[str, Grade]) -> list[list[float]]:
    """A row per run that both graders gave a letter."""
    return [[POINTS[a], POINTS[b]] for a, b in shared(own, other)]


def shared(own: dict[str, Grade], other: dict[str, Grade]) -> list[tuple[Letter, Letter]]:
    """The letters of the runs that two graders both gave one, in the order of the runs."""
    return [
        (a, b)
        for key in sorted(own.keys() & other.keys())
        if (a := own[key].letter) and (b := other[key].letter)
    ]


def alpha(rows: list[list[float]]) -> float | None:
    """Krippendorff's alpha for ordinal data; None with under two rows or no variation at all."""
    if len(rows) < 2 or len({value for row in rows for value in row}) < 2:
        return None
    import krippendorff
    import numpy as np

    width = max(len(row) for row in rows)
    table = np.full((width, len(rows)), np.nan)
    for column, row in enumerate(rows):
        table[: len(row), column] = row
    return round(float(krippendorff.alpha(table, level_of_measurement="ordinal")), 4)
