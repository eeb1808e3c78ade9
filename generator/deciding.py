"""From the cases' verdicts to those of the checks and of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.data import CaseResult, Challenge, CheckResult, Verdict
from generator.runtimes import Execution
from generator.yamlfile import BadFile

WORST_FIRST = (
    Verdict.DOES_NOT_COMPILE,
    Verdict.CRASHED,
    Verdict.TIMEOUT,
    Verdict.WRONG,
    Verdict.NOT_RUN,
    Verdict.NOT_BOUND,
    Verdict.PASSED,
    Verdict.NOT_TESTABLE,
    Verdict.NO_OUTPUT,
)


def by_check(
    challenge: Challenge, cases: Sequence[Any], execution: Execution
) -> dict[str, CheckResult]:
    """Group the cases' results under their checks, in challenge.yaml's order."""
    check_of = {case.id: case.check for case in cases}
    unknown = sorted({case.check for case in cases} - challenge.checks.keys())
    if unknown:
        raise BadFile(
            f"{challenge.slug}: kernel_tests.py has a check {unknown[0]!r} "
            "that challenge.yaml lacks"
        )
    grouped: dict[str, list[CaseResult]] = {name: [] for name in challenge.checks}
    for result in execution.cases:
        grouped[check_of[result.case]].append(result)
    return {
        name: CheckResult(verdict=worst(results), cases=tuple(results))
        for name, results in grouped.items()
        if results
    }


def worst(results: list[CaseResult]) -> Verdict:
    """The worst verdict among some cases."""
    return min((result.verdict for result in results), key=WORST_FIRST.index)


def overall(
    challenge: Challenge, checks: dict[str, CheckResult], doubted: Sequence[str] = ()
) -> Verdict:
    """The run's verdict: the worst of the checks in groups that decide.

    A run that leaves most of them untestable has passed nothing, nor has one of which some checks
    are doubted: a driver says what is not testable, and it runs beside the untrusted code.
    """
    deciding = [result.verdict for name, result in checks.items() if challenge.decides(name)]
    found = min(deciding, key=WORST_FIRST.index, default=Verdict.NOT_TESTABLE)
    untestable = deciding.count(Verdict.NOT_TESTABLE)
    if found is Verdict.PASSED and (doubted or 2 * untestable > len(deciding)):
        return Verdict.NOT_TESTABLE
    return found
