"""Grades -> Ranking, by one visible rule, with its uncertainty and what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from generator.data import Duel, Grade, Place, Ranking, RankingRule
from generator.letters import nearest_letter, points_by_model
from generator.rank.pairwise import cycles, davidson, duel_orders
from generator.rank.sensitivity import first_changes, orders
from generator.rank.uncertainty import comparisons, interval, separated

Points = dict[str, dict[str, float]]
RULE = (
    "Each letter counts its grade points (A 4.0, A- 3.7, B+ 3.3, ... F 0). A model's points are "
    "the mean over the challenges it was graded on, with the weights of ranking.yaml. Challenges "
    "it did not enter are never filled in. With fewer than {fewest} graded challenges it is listed "
    "and not ranked. Two ranked models share their ranks unless an exact sign-flip test over their "
    "shared challenges, after Holm's correction, tells them apart at {level:g}."
)


def rank(
    grader: str,
    grades: Iterable[Grade],
    duels: Sequence[Duel] = (),
    rule: RankingRule | None = None,
    challenges: Sequence[str] = (),
    pairs: Iterable[tuple[str, str]] | None = None,
) -> Ranking:
    """Order the models by their weighted mean of grade points.

    challenges: all that there are, for the bounds of models that were not graded on every one.
    pairs: of models that are compared; every two if None.
    """
    rule = rule or RankingRule()
    given = list(grades)
    points = points_by_model(given)
    means = {model: mean(own, rule.challenges) for model, own in points.items()}
    order = sorted(points, key=lambda model: (-means[model], model))
    ranked = [model for model in order if len(points[model]) >= rule.fewest_challenges]
    among = combinations(ranked, 2) if pairs is None else of_these(ranked, pairs)
    compared = comparisons(points, rule.challenges, among)
    apart = separated(compared, rule.level)
    strengths, ties, notes = davidson(duels)
    entered = challenges or sorted({c for own in points.values() for c in own})
    return Ranking(
        grader=grader,
        rule=RULE.format(fewest=rule.fewest_challenges, level=rule.level),
        places=tuple(place(model, points[model], rule, ranked, apart, entered) for model in order),
        comparisons=tuple(compared),
        orders=orders({model: points[model] for model in ranked}, rule, mean)
        | duel_orders(duels, ranked),
        first_changes=first_changes(given, ranked, rule, mean),
        strengths=strengths,
        ties=ties,
        cycles=cycles(duels),
        notes=notes,
    )


def of_these(ranked: list[str], pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of ranked models, the better one first, in the order of the better one."""
    place = {model: n for n, model in enumerate(ranked)}
    found = [(place[a], place[b]) for a, b in pairs if a in place and b in place]
    return [(ranked[a], ranked[b]) for a, b in sorted(tuple(sorted(p)) for p in found)]


def mean(own: dict[str, float], weights: dict[str, float]) -> float:
    """The weighted mean of a model's points; a challenge without a weight weighs 1."""
    total = sum(weights.get(challenge, 1.0) for challenge in own)
    return sum(points * weights.get(c, 1.0) for c, points in own.items()) / total if total else 0.0


def place(
    model: str,
    own: dict[str, float],
    rule: RankingRule,
    ranked: list[str],
    apart: dict[str, set[str]],
    entered: Sequence[str],
) -> Place:
    """One row of the ranking. apart: for each model, those that it is really better than."""
    average = mean(own, rule.challenges)
    ahead = sum(model in apart.get(other, set()) for other in ranked)
    behind = len(apart.get(model, set()))
    bounds = [
        mean({c: own.get(c, filler) for c in entered}, rule.challenges) for filler in (0.0, 4.0)
    ]
    return Place(
        model=model,
        points=round(average, 4),
        letter=nearest_letter(average),
        challenges=len(own),
        interval=interval(list(own.values())),
        best_rank=ahead + 1 if model in ranked else None,
        worst_rank=len(ranked) - behind if model in ranked else None,
        bounds=(round(bounds[0], 4), round(bounds[1], 4)),
    )
