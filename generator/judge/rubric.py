"""The rubric: what each dimension counts, who decides it, and the caps that evidence sets."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

from generator.data import POINTS, Letter, Record
from generator.letters import nearest_letter
from generator.yamlfile import read

FILE = Path(__file__).with_name("rubric.yaml")


class Dimension(Record):
    """One dimension of a grade."""

    weight: float
    decided_by: Literal["program", "capped", "judge"]
    asks: str


class Rubric(Record):
    """All of rubric.yaml."""

    version: int
    dimensions: dict[str, Dimension]
    caps: dict[str, dict[str, Letter]]
    letters: dict[str, str]


@cache
def rubric() -> Rubric:
    """The rubric of this version of the generator."""
    return read(FILE, Rubric)


@cache
def rubric_digest() -> str:
    """SHA-256 of the rubric's bytes: a grade made with another rubric is not reused."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


def overall(letters: dict[str, Letter]) -> Letter | None:
    """The letter nearest to the weighted mean of the graded dimensions; None if none is graded."""
    weights = {name: d.weight for name, d in rubric().dimensions.items() if name in letters}
    if not weights:
        return None
    points = sum(POINTS[letters[name]] * weight for name, weight in weights.items())
    return nearest_letter(points / sum(weights.values()))
