"""Load what was imported from elsewhere: docs/records/published/*.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from generator.data import (
    Claim,
    Measured,
    Published,
    PublishedDuels,
    PublishedGrades,
    PublishedScores,
    Record,
    RunFacts,
)
from generator.files import given
from generator.yamlfile import read

R = TypeVar("R", bound=Record)


class Claims(Record):
    """The file of claims."""

    claims: tuple[Claim, ...]


def load_published(records: Path) -> Published:
    """Everything imported, each part None where its file is absent. Raises BadFile."""
    folder = records / "published"
    claims = part(folder / "claims.yaml", Claims)
    return Published(
        grades=load_grades(records),
        duels=part(folder / "duels.yaml", PublishedDuels),
        scores=part(folder / "scores.yaml", PublishedScores),
        runs=part(folder / "runs.yaml", RunFacts),
        measured=part(folder / "measured.yaml", Measured),
        claims=claims.claims if claims else (),
    )


def load_grades(records: Path) -> PublishedGrades | None:
    """The published letters alone. Raises BadFile."""
    return part(records / "published" / "grades.yaml", PublishedGrades)


def part(file: Path, kind: type[R]) -> R | None:
    """One file, or None where there is none."""
    return read(file, kind) if given(file) else None
