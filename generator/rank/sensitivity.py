"""What would change the order: other weightings, a challenge left out, a grade or two changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from generator.data import POINTS, Change, Grade, RankingRule
from generator.letters import STEPS, step

Points = dict[str, dict[str, float]]
Mean = Callable[[dict[str, float], dict[str, float]], float]
MOST_CHANGES = 3


def orders(points: Points, rule: RankingRule, mean: Mean) -> dict[str, tuple[str, ...]]:
    """The order of the models under every other weighting, and without each challenge."""
    entered = sorted({challenge for own in points.values() for challenge in own})
    weightings: dict[str, dict[str, float]] = {"all weigh the same": {}} | rule.alternatives
    weightings |= {f"without {c}": {**rule.challenges, c: 0.0} for c in entered}
    return {name: order(points, weights, mean) for name, weights in weightings.items()}


def order(points: Points, weights: dict[str, float], mean: Mean) -> tuple[str, ...]:
    """The models from best to worst."""
    return tuple(sorted(points, key=lambda model: (-round(mean(points[model], weights), 9), model)))


def first_changes(
    grades: list[Grade], ranked: list[str], rule: RankingRule, mean: Mean
) -> tuple[Change, ...]:
    """A smallest set of one-step changes of single grades that puts another model first.

    Only changes that help a rival or hurt the leader are tried; none where more than three are
    needed. Against one rival nothing beats the changes that move the two means most, so those are
    the only ones tried, rival by rival.
    """
    cells = [g for g in grades if g.model in ranked and g.letter is not None]
    cells.sort(key=lambda g: (g.model, g.challenge))
    points: Points = {model: {} for model in ranked}
    for g in cells:
        points[g.model][g.challenge] = POINTS[g.letter] if g.letter else 0.0
    standing = order(points, rule.challenges, mean)
    steps = [change for g in cells if (change := one_step(g, up=g.model != standing[0]))]
    steps.sort(key=lambda change: -moved(change, points, rule.challenges, mean))
    for size in range(1, MOST_CHANGES + 1):
        for rival in standing[1:]:
            two = {model: points[model] for model in (standing[0], rival)}
            changes = [change for change in steps if change.model in two][:size]
            if order(changed(two, changes), rule.challenges, mean)[0] == rival:
                return tuple(sorted(changes, key=lambda c: (c.model, c.challenge)))
    return ()


def moved(change: Change, points: Points, weights: dict[str, float], mean: Mean) -> float:
    """How far a change moves its model's mean, to ten digits, so that equal moves are equal."""
    own = points[change.model]
    after = own | {change.challenge: POINTS[change.new]}
    return round(abs(mean(after, weights) - mean(own, weights)), 10)


def one_step(grade: Grade, *, up: bool) -> Change | None:
    """The next better or worse letter of a grade, None at the end of the scale."""
    assert grade.letter is not None
    at = step(grade.letter) + (-1 if up else 1)
    if not 0 <= at < len(STEPS):
        return None
    return Change(model=grade.model, challenge=grade.challenge, old=grade.letter, new=STEPS[at])


def changed(points: Points, changes: Sequence[Change]) -> Points:
    """The points after some changes."""
    made = {model: dict(own) for model, own in points.items()}
    for change in changes:
        made[change.model][change.challenge] = POINTS[change.new]
    return made
