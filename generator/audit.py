"""Published grades against executed evidence: where they contradict each other."""

from __future__ import annotations

from generator.data import POINTS, Contradiction, Evidence, Grade, Verdict

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
