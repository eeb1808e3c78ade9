"""Grades, duels and rankings: what graders say, and the orders computed from it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from generator.data.base import Record

Letter = Literal["A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F"]
Margin = Literal["tie", "narrow", "moderate", "decisive"]

POINTS: dict[Letter, float] = {
    "A+": 4.0, "A": 4.0, "A-": 3.7, "B+": 3.3, "B": 3.0, "B-": 2.7, "C+": 2.3,
    "C": 2.0, "C-": 1.7, "D+": 1.3, "D": 1.0, "D-": 0.7, "F": 0.0,
}  # fmt: skip

Dimension = Literal[
    "correctness",
    "completeness",
    "code quality",
    "analysis depth",
    "testing",
    "algorithmic sophistication",
    "GPU mapping",
]
DIMENSIONS: tuple[str, ...] = get_args(Dimension)


class Quote(Record):
    """A quote from a file (`file:line`) or an evidence item; `found` if it really stands there."""

    where: str
    text: str
    found: bool


class DimensionGrade(Record):
    """One dimension of a grade: a letter with its reasons, or why there is none.

    judged: the median of what a language model said, and spread: all that it said, before `cap`.
    """

    letter: Letter | None
    why: str
    judged: Letter | None = None
    cap: Letter | None = None
    spread: tuple[Letter, ...] = ()
    quotes: tuple[Quote, ...] = ()


class Grade(Record):
    """One grader's opinion of one run. No letter means ungraded, and `why` says because of what.

    kind: imported (published elsewhere), computed (from evidence), judged (by a language model).
    spread: what each repeat, or each round of scores, would have come to alone.
    trust: share of a judge's quotes that were found where it said, 0 to 1.
    """

    grader: str
    kind: Literal["imported", "computed", "judged"]
    model: str
    challenge: str
    letter: Letter | None
    why: str = ""
    dimensions: dict[str, DimensionGrade] = {}
    spread: tuple[Letter, ...] = ()
    trust: float | None = None

    @property
    def key(self) -> str:
        """`model/challenge`, as Run.key has it."""
        return f"{self.model}/{self.challenge}"


class Duel(Record):
    """A comparison of two runs of one challenge; no winner is a tie. `a` and `b` are models."""

    grader: str
    challenge: str
    a: str
    b: str
    winner: str | None
    margin: Margin
    why: str = ""


class Takeaway(Record):
    """One sentence computed from data, with the rule that made it."""

    rule: str
    text: str


class Contradiction(Record):
    """A cell where executed evidence and a published grade do not go together."""

    model: str
    challenge: str
    letter: Letter
    verdict: str
    why: str
    size: Annotated[float, Field(ge=0)]

    @property
    def key(self) -> str:
        """`model/challenge`, as Run.key has it."""
        return f"{self.model}/{self.challenge}"
