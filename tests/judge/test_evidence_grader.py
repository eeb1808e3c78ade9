"""The grader that reads evidence alone: its letters follow from the cases, and only upwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.data import (
    POINTS,
    CaseResult,
    Challenge,
    Check,
    CheckResult,
    Evidence,
    Group,
    Verdict,
)
from generator.deciding import overall as verdict_of
from generator.deciding import worst
from generator.judge.evidence import overall
from tests import made

CHECKS = ("a", "b", "c", "d")
CHALLENGE = Challenge(
    slug="s",
    title="t",
    difficulty="Hard",
    runtime="numpy",
    summary="s",
    entry={},
    groups={"values": Group(weight=3), "contract": Group(weight=1)},
    checks={n: Check(group="values" if n in "ab" else "contract", says="s") for n in CHECKS},
)


def evidence(passed: dict[str, list[bool]]) -> Evidence:
    """Evidence in which these cases of each check pass."""
    checks = {}
    for name, cases in passed.items():
        results = [
            CaseResult(case=str(i), verdict=Verdict.PASSED if ok else Verdict.WRONG, seconds=0)
            for i, ok in enumerate(cases)
        ]
        checks[name] = CheckResult(verdict=worst(results), cases=tuple(results))
    return made.evidence("m/s", verdict_of(CHALLENGE, checks), checks=checks)


CASES = st.fixed_dictionaries({n: st.lists(st.booleans(), min_size=1, max_size=4) for n in CHECKS})


@given(CASES, st.sampled_from(CHECKS), st.integers(0, 3))
def test_better_evidence_never_lowers_the_grade(
    passed: dict[str, list[bool]], check: str, index: int
) -> None:
    """Turning any failed case into a passed one leaves the letter or raises it."""
    before, _ = overall(CHALLENGE, evidence(passed))
    cases = list(passed[check])
    cases[index % len(cases)] = True
    after, _ = overall(CHALLENGE, evidence({**passed, check: cases}))
    assert before
    assert after
    assert POINTS[after] >= POINTS[before]


def test_all_passed_is_an_a_and_nothing_passed_an_f() -> None:
    """The ends of the scale."""
    assert overall(CHALLENGE, evidence({n: [True] for n in CHECKS}))[0] == "A"
    assert overall(CHALLENGE, evidence({n: [False] for n in CHECKS}))[0] == "F"
