"""How many checks passed and which failed, on one line for people."""

from __future__ import annotations

from generator.data import Challenge, CheckResult, Verdict
from generator.words import listed


def tally(challenge: Challenge, checks: dict[str, CheckResult], most: int | None = None) -> str:
    """`25 of 27 checks passed; failed: one, another`; checks that do not decide stand apart.

    most: how many failed checks are named at most of each kind; all if None.
    """
    verdicts = [result.verdict for result in checks.values()]
    untestable = verdicts.count(Verdict.NOT_TESTABLE)
    failed = [name for name, result in checks.items() if result.verdict.failed]
    decisive = [name for name in failed if challenge.decides(name)]
    others = [name for name in failed if not challenge.decides(name)]
    said = [f"{verdicts.count(Verdict.PASSED)} of {len(verdicts) - untestable} checks passed"]
    said += [f"failed: {listing(decisive, most)}"] if decisive else []
    said += [f"failed without deciding: {listing(others, most)}"] if others else []
    said += [f"{untestable} not testable"] if untestable else []
    return "; ".join(said)


def listing(names: list[str], most: int | None) -> str:
    """The names, or the first of them and how many more."""
    cut = most is not None and len(names) > most
    return listed(names, most) if cut else ", ".join(names)
