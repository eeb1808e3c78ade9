"""The audit: where a published letter and what the tests found cannot both be right."""

from __future__ import annotations

import pytest

from generator.audit import contradictions
from generator.data import Digests, Evidence, Grade, Letter, Verdict


def graded(letter: Letter | None, key: str = "m/c") -> dict[str, Grade]:
    """One published grade."""
    model, _, challenge = key.partition("/")
    return {
        key: Grade(grader="g", kind="imported", model=model, challenge=challenge, letter=letter)
    }


def found(verdict: Verdict, key: str = "m/c") -> dict[str, Evidence]:
    """Evidence with this verdict."""
    model, _, challenge = key.partition("/")
    return {
        key: Evidence(
            model=model,
            challenge=challenge,
            verdict=verdict,
            summary="as measured",
            digests=Digests(artifacts="", challenge="", verifier=""),
            seed=1,
            made_at="",
            seconds=0,
        )
    }


@pytest.mark.parametrize(
    ("letter", "verdict", "size"),
    [
        ("A", Verdict.DOES_NOT_COMPILE, 4.0),
        ("A-", Verdict.WRONG, 1.0),
        ("A", Verdict.CRASHED, 1.3),
        ("C+", Verdict.PASSED, 1.7),
    ],
)
def test_a_contradiction_has_the_distance_to_what_the_tests_allow(
    letter: Letter, verdict: Verdict, size: float
) -> None:
    """An F is left to what does not compile, a B- to what is wrong, an A to what passes."""
    (row,) = contradictions(graded(letter), found(verdict))
    assert (row.letter, row.verdict, row.size, row.why) == (letter, verdict, size, "as measured")


@pytest.mark.parametrize(
    ("letter", "verdict"),
    [
        ("B+", Verdict.WRONG),
        ("B-", Verdict.PASSED),
        ("A", Verdict.PASSED),
        ("A", Verdict.NOT_RUN),
        ("A", Verdict.NOT_BOUND),
        ("F", Verdict.NO_OUTPUT),
        (None, Verdict.WRONG),
    ],
)
def test_what_goes_together_is_no_contradiction(letter: Letter | None, verdict: Verdict) -> None:
    """Nor is what was not run or not graded: neither says anything of the other."""
    assert contradictions(graded(letter), found(verdict)) == []


def test_the_largest_comes_first_and_what_was_not_run_is_left_out() -> None:
    """A grade without evidence is in no row."""
    published = graded("A", "a/c") | graded("A", "b/c") | graded("A", "x/c")
    evidence = found(Verdict.WRONG, "a/c") | found(Verdict.DOES_NOT_COMPILE, "b/c")
    assert [row.model for row in contradictions(published, evidence)] == ["b", "a"]
