"""Published grades against executed evidence: contradictions, and takeaways by named rules."""

from __future__ import annotations

from statistics import mean, pstdev

from generator.data import (
    POINTS,
    Contradiction,
    Corpus,
    Evidence,
    Grade,
    Takeaway,
    Verdict,
)
from generator.letters import points_by_model

GOOD, POOR = POINTS["A-"], POINTS["C+"]
BAD_VERDICTS = {Verdict.WRONG, Verdict.CRASHED, Verdict.TIMEOUT, Verdict.DOES_NOT_COMPILE}


def contradictions(
    published: dict[str, Grade], evidence: dict[str, Evidence]
) -> list[Contradiction]:
    """Cells where a grade and the tests do not go together, the largest disagreement first.

    A letter of A- or better on a run whose deciding checks fail, or C+ or worse on one that passes
    all of them. `size` is the distance in grade points to the letter that the tests allow.
    """
    found = []
    for key, grade in published.items():
        record = evidence.get(key)
        if grade.letter is None or record is None:
            continue
        points = POINTS[grade.letter]
        if record.verdict in BAD_VERDICTS and points >= GOOD:
            allowed = 0.0 if record.verdict is Verdict.DOES_NOT_COMPILE else POINTS["B-"]
            found.append(contradiction(grade, record, points - allowed))
        elif record.verdict is Verdict.PASSED and points <= POOR:
            found.append(contradiction(grade, record, POINTS["A"] - points))
    return sorted(found, key=lambda c: (-c.size, c.challenge, c.model))


def contradiction(grade: Grade, record: Evidence, size: float) -> Contradiction:
    """One row of the ledger."""
    assert grade.letter is not None
    return Contradiction(
        model=grade.model,
        challenge=grade.challenge,
        letter=grade.letter,
        verdict=record.verdict,
        why=record.summary,
        size=round(size, 4),
    )


def takeaways(
    corpus: Corpus, published: dict[str, Grade], evidence: dict[str, Evidence]
) -> list[Takeaway]:
    """What the data says in a few sentences; each names the rule that made it."""
    points = points_by_model(published.values())
    full = {m: p for m, p in points.items() if len(p) == len(corpus.challenges)}
    found = [
        most_consistent(corpus, full),
        highest_floor(corpus, full),
        widest_challenge(corpus, published),
        tests_against_grades(published, evidence),
    ]
    return [takeaway for takeaway in found if takeaway]


def most_consistent(corpus: Corpus, full: dict[str, dict[str, float]]) -> Takeaway | None:
    """Smallest spread of published grade points among the models graded on every challenge."""
    if not full:
        return None
    spread = {model: pstdev(points.values()) for model, points in full.items()}
    model = min(spread, key=lambda m: (spread[m], m))
    return Takeaway(
        rule="smallest standard deviation of published grade points, full coverage only",
        text=f"{corpus.models[model].name} is graded most evenly: its published grades vary by "
        f"{spread[model]:.2f} grade points over {len(full[model])} challenges.",
    )


def highest_floor(corpus: Corpus, full: dict[str, dict[str, float]]) -> Takeaway | None:
    """Highest lowest grade among the models graded on every challenge, then the highest mean."""
    if not full:
        return None
    model = max(full, key=lambda m: (min(full[m].values()), mean(full[m].values()), m))
    lowest, average = min(full[model].values()), mean(full[model].values())
    return Takeaway(
        rule="highest minimum of published grade points, full coverage only, ties by the mean",
        text=f"{corpus.models[model].name} has the highest floor: no published grade of it is "
        f"below {lowest:.1f} points; its mean is {average:.2f}.",
    )


def widest_challenge(corpus: Corpus, published: dict[str, Grade]) -> Takeaway | None:
    """The challenge whose published grades lie furthest apart."""
    by_challenge: dict[str, list[float]] = {}
    for grade in published.values():
        if grade.letter is not None:
            by_challenge.setdefault(grade.challenge, []).append(POINTS[grade.letter])
    if not by_challenge:
        return None
    spread = {slug: max(values) - min(values) for slug, values in by_challenge.items()}
    slug = max(spread, key=lambda s: (spread[s], s))
    return Takeaway(
        rule="largest range of published grade points within a challenge",
        text=f"{corpus.challenges[slug].title} separates the field most: its published grades span "
        f"{spread[slug]:.1f} points over {len(by_challenge[slug])} models.",
    )


def tests_against_grades(
    published: dict[str, Grade], evidence: dict[str, Evidence]
) -> Takeaway | None:
    """How many of the outputs graded A- or better fail at least one deciding check."""
    high = [k for k, g in published.items() if g.letter is not None and POINTS[g.letter] >= GOOD]
    tested = [
        k for k in high if k in evidence and evidence[k].verdict in {*BAD_VERDICTS, Verdict.PASSED}
    ]
    failing = [k for k in tested if evidence[k].verdict in BAD_VERDICTS]
    if not tested:
        return None
    return Takeaway(
        rule="runs published at A- or better whose verdict is not passed, of those that were run",
        text=f"Of {len(tested)} outputs published at A- or better that were run here, "
        f"{len(failing)} fail at least one check that decides the verdict.",
    )
