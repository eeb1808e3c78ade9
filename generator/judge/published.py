"""Grades that somebody published elsewhere, as grades of a grader like any other."""

from __future__ import annotations

from generator.data import Grade, PublishedGrades

NAME = "published"


def as_grades(published: PublishedGrades) -> dict[str, Grade]:
    """The matrix as grades by `model/challenge`."""
    return {
        f"{model}/{challenge}": Grade(
            grader=NAME,
            kind="imported",
            model=model,
            challenge=challenge,
            letter=letter,
            why=f"published by {published.judge}, {published.date}",
        )
        for challenge, row in published.matrix.items()
        for model, letter in row.items()
    }
