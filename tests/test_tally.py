"""What a run's checks come to, on one line."""

from __future__ import annotations

from generator.data import Check, CheckResult, Verdict
from generator.tally import tally
from tests.made import challenge

CHALLENGE = challenge(
    **{name: Check(group="g", says="") for name in "abc"}, own=Check(group="shown", says="")
)


def said(most: int | None = None, **verdicts: Verdict) -> str:
    """The line on checks with these verdicts."""
    results = {name: CheckResult(verdict=verdict, cases=()) for name, verdict in verdicts.items()}
    return tally(CHALLENGE, results, most)


def test_checks_that_do_not_decide_stand_apart() -> None:
    """A run that passes can fail some, so they are not listed with those that it must pass."""
    assert (
        said(a=Verdict.PASSED, b=Verdict.PASSED, own=Verdict.WRONG)
        == "2 of 3 checks passed; failed without deciding: own"
    )
    assert (
        said(a=Verdict.CRASHED, own=Verdict.WRONG)
        == "0 of 2 checks passed; failed: a; failed without deciding: own"
    )


def test_what_is_not_testable_is_counted_apart() -> None:
    """It is neither passed nor failed, so it is not among those that could pass."""
    told = said(a=Verdict.PASSED, b=Verdict.NOT_TESTABLE)
    assert told == "1 of 1 checks passed; 1 not testable"


def test_a_long_list_is_cut() -> None:
    """The first are named and the rest counted."""
    told = said(2, a=Verdict.WRONG, b=Verdict.WRONG, c=Verdict.TIMEOUT)
    assert told == "0 of 3 checks passed; failed: a, b and 1 more"
