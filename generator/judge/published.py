"""Grades that somebody published elsewhere, imported as facts."""

from __future__ import annotations

from pathlib import Path

from generator.data import Grade, PublishedGrades
from generator.yamlfile import read

NAME = "published"


def published_grades(folder: Path) -> PublishedGrades | None:
    """The imported matrix and ranking, or None where nothing was imported. Raises BadFile."""
    file = folder / "published" / "grades.yaml"
    return read(file, PublishedGrades) if file.exists() else None


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
