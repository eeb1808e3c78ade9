"""Rankings: an order computed from grades, with intervals, ties and what it depends on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from generator.data.base import Record
from generator.data.opinion import Letter

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RankingRule(Record):
    """ranking.yaml: the declared weights, and when a model is ranked at all.

    challenges: weight by slug, 1 where not named. alternatives: other weightings, by name.
    """

    challenges: dict[str, Weight] = {}
    alternatives: dict[str, dict[str, Weight]] = {}
    fewest_challenges: Annotated[int, Field(gt=0)] = 6
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05


class Place(Record):
    """One model's place; no ranks where too few challenges are covered.

    points: weighted mean over the model's graded challenges. interval: 95 %, None with fewer than
    two. best_rank to worst_rank: the ranks that real differences leave open. bounds: the mean if
    every ungraded challenge were an F, or an A.
    """

    model: str
    points: float
    letter: str
    challenges: int
    interval: tuple[float, float] | None = None
    best_rank: int | None = None
    worst_rank: int | None = None
    bounds: tuple[float, float]


class Comparison(Record):
    """Two ranked models over the challenges they share: mean difference of points, and p values.

    p: exact two-sided sign-flip test. adjusted: after Holm's correction over all pairs.
    """

    a: str
    b: str
    shared: int
    difference: float
    p: float
    adjusted: float


class Change(Record):
    """One grade changed from one letter to another."""

    model: str
    challenge: str
    old: Letter
    new: Letter


class DuelStrength(Record):
    """A model's strength in duels, as log odds against the average model (Davidson 1970)."""

    model: str
    strength: float
    duels: int


class Ranking(Record):
    """An order computed by one visible rule.

    orders: the order of the ranked models under other weightings, and without each challenge.
    first_changes: a smallest set of single-grade changes that would put another model first.
    strengths: from the duels, empty with the reason in `notes` where no fit exists.
    cycles: three models of which each beats the next.
    """

    grader: str
    rule: str
    places: tuple[Place, ...]
    comparisons: tuple[Comparison, ...] = ()
    orders: dict[str, tuple[str, ...]] = {}
    first_changes: tuple[Change, ...] = ()
    strengths: tuple[DuelStrength, ...] = ()
    ties: float | None = None
    cycles: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
