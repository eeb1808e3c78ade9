"""Grades that somebody published elsewhere, as grades of a grader like any other."""

from __future__ import annotations

from statistics import mean

from generator.data import Grade, PublishedGrades, PublishedScores
from generator.graders import PUBLISHED, SCORES
from generator.letters import letter_of


def as_grades(published: PublishedGrades) -> dict[str, Grade]:
    """The matrix as grades by `model/challenge`."""
    return {
        f"{model}/{challenge}": Grade(
            grader=PUBLISHED,
            kind="imported",
            model=model,
            challenge=challenge,
            letter=letter,
            why=f"published by {published.judge}, {published.date}",
        )
        for challenge, row in published.matrix.items()
        for model, letter in row.items()
    }


def score_grades(published: PublishedScores) -> dict[str, Grade]:
    """Scores of an earlier judge as grades: the letter of the mean over its rounds."""
    scored: dict[tuple[str, str], list[int]] = {}
    for score in published.scores:
        scored.setdefault((score.model, score.challenge), []).append(score.score)
    return {
        f"{model}/{challenge}": Grade(
            grader=SCORES,
            kind="imported",
            model=model,
            challenge=challenge,
            letter=letter_of(mean(found)),
            spread=tuple(map(letter_of, found)),
            why=f"scored {' and '.join(map(str, found))} of 100 by {published.judge}, "
            f"{published.date}",
        )
        for (model, challenge), found in scored.items()
    }
