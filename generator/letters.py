"""Letters and their grade points: what rankings, graders and the audit count alike."""

from __future__ import annotations

from collections.abc import Iterable

from generator.data import POINTS, Grade, Letter

# From best to worst. An A+ counts the points of an A, so it is no step of its own.
STEPS: tuple[Letter, ...] = tuple(letter for letter in POINTS if letter != "A+")
# The percentage scale that is usual where letters are: our reading, the scores came without one.
SCALE: tuple[tuple[float, Letter], ...] = (
    (93, "A"),
    (90, "A-"),
    (87, "B+"),
    (83, "B"),
    (80, "B-"),
    (77, "C+"),
    (73, "C"),
    (70, "C-"),
    (67, "D+"),
    (63, "D"),
    (60, "D-"),
    (0, "F"),
)


def nearest_letter(points: float) -> Letter:
    """The letter whose points are nearest, the better one of two equally near."""
    return min(STEPS, key=lambda x: (round(abs(POINTS[x] - points), 6), -POINTS[x]))


def points_by_model(grades: Iterable[Grade]) -> dict[str, dict[str, float]]:
    """Grade points by model and challenge; ungraded runs are left out."""
    found: dict[str, dict[str, float]] = {}
    for grade in grades:
        if grade.letter is not None:
            found.setdefault(grade.model, {})[grade.challenge] = POINTS[grade.letter]
    return found


def letter_of(score: float) -> Letter:
    """The letter of a score out of 100, by SCALE."""
    return next(letter for least, letter in SCALE if score >= least)


def step(letter: Letter) -> int:
    """The place of a letter in STEPS."""
    return STEPS.index("A" if letter == "A+" else letter)


def steps(a: Letter, b: Letter) -> int:
    """How far apart two letters are on the scale, in letters."""
    return abs(step(a) - step(b))


def lowered(letter: Letter, cap: Letter | None) -> Letter:
    """The letter, or the cap where that is lower."""
    return cap if cap is not None and POINTS[cap] < POINTS[letter] else letter
