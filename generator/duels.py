"""Head-to-head results computed from the grades and the evidence of two runs of one challenge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from generator.data import POINTS, Corpus, Duel, Evidence, Grade, Margin


def duels(
    corpus: Corpus,
    grader: str,
    grades: dict[str, Grade],
    evidence: dict[str, Evidence],
    pairs: Sequence[tuple[str, str]],
) -> list[Duel]:
    """A duel for each pair of models on each challenge on which both runs are graded."""
    return [
        duel(grader, grades[f"{a}/{challenge}"], grades[f"{b}/{challenge}"], evidence)
        for challenge in corpus.challenges
        for graded in [{m for m in corpus.models if letter_of(grades, m, challenge) is not None}]
        for a, b in pairs
        if a in graded and b in graded
    ]


def letter_of(grades: dict[str, Grade], model: str, challenge: str) -> str | None:
    """The letter of a run, None where it is ungraded or there is none."""
    grade = grades.get(f"{model}/{challenge}")
    return grade.letter if grade else None


def duel(grader: str, a: Grade, b: Grade, evidence: dict[str, Evidence]) -> Duel:
    """The better letter wins; the margin follows from the difference in grade points."""
    assert a.letter is not None
    assert b.letter is not None
    difference = round(POINTS[a.letter] - POINTS[b.letter], 4)
    winner = None if difference == 0 else (a.model if difference > 0 else b.model)
    reasons = [
        f"{grade.letter}: {evidence[grade.key].summary if grade.key in evidence else grade.why}"
        for grade in (a, b)
    ]
    return Duel(
        grader=grader,
        challenge=a.challenge,
        a=a.model,
        b=b.model,
        winner=winner,
        margin=margin(abs(difference)),
        why=" against ".join(reasons),
    )


def margin(difference: float) -> Margin:
    """Tie: no difference; narrow: up to one step (0.4 points); decisive: one letter or more."""
    if difference == 0:
        return "tie"
    if difference <= 0.4:
        return "narrow"
    return "moderate" if difference < 1 else "decisive"


def record(found: list[Duel], a: str, b: str) -> tuple[int, int, int]:
    """Wins of a, wins of b, ties, over the duels of these two models."""
    between = [duel for duel in found if {duel.a, duel.b} == {a, b}]
    counts = Counter(duel.winner for duel in between)
    return counts[a], counts[b], counts[None]
