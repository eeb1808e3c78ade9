"""A grader that reads the evidence and nothing else: deterministic, local, open about limits.

The score is the weighted share of passed cases, group by group with the weights of challenge.yaml;
the letter follows from the score by the table below. An output that is wrong anywhere it matters
cannot be an A: a failed check in a deciding group caps the letter at B-, and a run with under half
of its deciding checks passed at D. It sees no prose, no style and no depth of analysis.
"""

from __future__ import annotations

from generator.data import (
    DIMENSIONS,
    Challenge,
    CheckResult,
    DimensionGrade,
    Evidence,
    Grade,
    Letter,
    OwnTest,
    Run,
    Verdict,
)
from generator.graders import EVIDENCE
from generator.letters import lowered

THRESHOLDS: tuple[tuple[float, Letter], ...] = (
    (1.0, "A"),
    (0.97, "A-"),
    (0.92, "B+"),
    (0.85, "B"),
    (0.78, "B-"),
    (0.70, "C+"),
    (0.60, "C"),
    (0.50, "C-"),
    (0.40, "D+"),
    (0.25, "D"),
    (0.10, "D-"),
    (0.0, "F"),
)
UNGRADED = {Verdict.NOT_BOUND, Verdict.NOT_RUN, Verdict.NOT_TESTABLE}
CANNOT_SEE = "not graded: this grader sees the evidence alone"


def grade(run: Run, challenge: Challenge, evidence: Evidence | None) -> Grade:
    """The grade of a run by its evidence; no letter where nothing could be run."""
    letter, why = overall(challenge, evidence)
    return Grade(
        grader=EVIDENCE,
        kind="computed",
        model=run.model,
        challenge=run.challenge,
        letter=letter,
        why=why,
        dimensions=dimensions(letter, why, evidence) if evidence else {},
    )


def overall(challenge: Challenge, evidence: Evidence | None) -> tuple[Letter | None, str]:
    """The letter and its reason."""
    if evidence is None:
        return None, "ungraded: no evidence yet"
    if evidence.verdict in UNGRADED:
        return None, f"ungraded: {evidence.verdict} ({evidence.summary})"
    if evidence.verdict is Verdict.NO_OUTPUT:
        return "F", "entered, produced nothing"
    if evidence.verdict is Verdict.DOES_NOT_COMPILE:
        return "F", "does not compile as stored"
    share = score(challenge, evidence.checks)
    letter = next(letter for least, letter in THRESHOLDS if share >= least - 1e-9)
    cap, reason = capped(challenge, evidence.checks)
    capped_at = f"; capped at {cap}: {reason}" if lowered(letter, cap) != letter else ""
    return lowered(letter, cap), f"{share:.0%} of the weighted cases passed{capped_at}"


def score(challenge: Challenge, checks: dict[str, CheckResult]) -> float:
    """The weighted share of passed cases, 0 to 1, over the groups that could be tested."""
    total = weight = 0.0
    for name, group in challenge.groups.items():
        members = [check for check, rule in challenge.checks.items() if rule.group == name]
        shares = [
            passed_share(checks[check])
            for check in members
            if check in checks and checks[check].verdict is not Verdict.NOT_TESTABLE
        ]
        if shares and group.weight:
            total += group.weight * sum(shares) / len(shares)
            weight += group.weight
    return total / weight if weight else 0.0


def passed_share(result: CheckResult) -> float:
    """The share of a check's testable cases that passed."""
    testable = [case for case in result.cases if case.verdict is not Verdict.NOT_TESTABLE]
    if not testable:
        return float(result.verdict is Verdict.PASSED)
    return sum(case.verdict is Verdict.PASSED for case in testable) / len(testable)


def capped(challenge: Challenge, checks: dict[str, CheckResult]) -> tuple[Letter | None, str]:
    """The best letter that the failed checks allow, and why; None where none failed."""
    deciding = {
        name: result.verdict
        for name, result in checks.items()
        if challenge.decides(name) and result.verdict is not Verdict.NOT_TESTABLE
    }
    failed = [name for name, verdict in deciding.items() if verdict.failed]
    if 2 * len(failed) > len(deciding):
        return "D", f"{len(failed)} of {len(deciding)} deciding checks fail"
    if failed:
        return "B-", f"fails {', '.join(failed)}"
    return None, ""


def dimensions(letter: Letter | None, why: str, evidence: Evidence) -> dict[str, DimensionGrade]:
    """What evidence can say on each dimension; the rest is left ungraded, with the reason."""
    seen = {
        "correctness": DimensionGrade(letter=letter, why=why),
        "testing": testing(evidence.own_tests),
    }
    blind = DimensionGrade(letter=None, why=CANNOT_SEE)
    return {name: seen.get(name, blind) for name in DIMENSIONS}


def testing(own: tuple[OwnTest, ...]) -> DimensionGrade:
    """The author's own tests: whether there are any, end and pass; not if they find faults."""
    if not own:
        return DimensionGrade(letter="D", why="no test or demonstration of its own was found")
    good = sum(test.ended and test.status == 0 for test in own)
    letters: dict[bool, Letter] = {True: "A-", False: "B-" if good else "D+"}
    return DimensionGrade(
        letter=letters[good == len(own)],
        why=f"{good} of its own {len(own)} test files end and pass",
    )
