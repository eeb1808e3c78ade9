"""Checks on what the published matrix itself says: coverage, means, ranks, floors, wins."""

from __future__ import annotations

from statistics import mean

from generator.claims.registry import Result, called, check, holds, needed
from generator.data import POINTS, Letter, Published


def letters(published: Published, model: str) -> dict[str, Letter]:
    """A model's published letters by challenge."""
    grades = needed(published.grades, "grades.yaml")
    return {c: row[model] for c, row in grades.matrix.items() if model in row}


def models(published: Published) -> list[str]:
    """Every model in the published matrix."""
    grades = needed(published.grades, "grades.yaml")
    return list(dict.fromkeys(m for row in grades.matrix.values() for m in row))


def average(published: Published, model: str) -> float:
    """Mean of a model's published grade points."""
    return mean(POINTS[letter] for letter in letters(published, model).values())


@check
def coverage(published: Published, model: str, says: int) -> Result:
    """How many challenges the matrix grades a model on."""
    graded = len(letters(published, model))
    return holds(graded == says, f"the matrix holds {graded} grades, the claim says {says}")


@check
def average_between(published: Published, model: str, low: Letter, high: Letter) -> Result:
    """Whether the mean of the grade points lies between two letters, half a step allowed."""
    found = average(published, model)
    inside = POINTS[low] - 0.15 <= found <= POINTS[high] + 0.15
    said = ", ".join(f"{letter} is {POINTS[letter]}" for letter in dict.fromkeys((low, high)))
    return holds(inside, f"the mean is {found:.4g}; {said}")


@check
def rank_by_mean(published: Published, model: str, rank: int) -> Result:
    """A model's place when all are ordered by mean grade points."""
    order = sorted(models(published), key=lambda m: -average(published, m))
    place = order.index(model) + 1
    top = ", ".join(f"{called(published, m)} with {average(published, m):.4g}" for m in order[:3])
    return holds(place == rank, f"by the mean of its grades it is number {place} ({top} lead)")


@check
def best_grades(published: Published, model: str, challenges: list[str]) -> Result:
    """Whether these are a model's best grades."""
    own = letters(published, model)
    best = max(POINTS[letter] for letter in own.values())
    top = sorted(c for c, letter in own.items() if POINTS[letter] == best)
    return holds(set(challenges) <= set(top), f"its best grades are on {called(published, *top)}")


@check
def lowest_grade(published: Published, model: str, letter: Letter) -> Result:
    """A model's lowest published letter."""
    lowest = min(letters(published, model).values(), key=lambda found: POINTS[found])
    return holds(lowest == letter, f"its lowest grade is {lowest}")


@check
def only_full_coverage(published: Published, model: str) -> Result:
    """Whether a model alone was graded on every challenge."""
    grades = needed(published.grades, "grades.yaml")
    full = [m for m in models(published) if len(letters(published, m)) == len(grades.matrix)]
    return holds(full == [model], f"graded on all {len(grades.matrix)}: {called(published, *full)}")


@check
def highest_floor(published: Published, model: str) -> Result:
    """Whether no fully covered model has a higher lowest grade."""
    floors = {m: min(POINTS[x] for x in letters(published, m).values()) for m in models(published)}
    better = [m for m, floor in floors.items() if floor > floors[model]]
    equal = [m for m, floor in floors.items() if floor == floors[model] and m != model]
    text = f"its floor is {floors[model]}; higher: {called(published, *better) or 'none'}"
    return holds(not better, text + (f"; equal: {called(published, *equal)}" if equal else ""))


@check
def wins_challenge(published: Published, model: str, challenge: str) -> Result:
    """Whether a model holds the best grade of a challenge alone."""
    grades = needed(published.grades, "grades.yaml")
    row = {m: POINTS[letter] for m, letter in grades.matrix[challenge].items()}
    top = sorted(m for m, points in row.items() if points == max(row.values()))
    return holds(
        top == [model],
        f"the best grade on {called(published, challenge)} is held by {called(published, *top)}",
    )
