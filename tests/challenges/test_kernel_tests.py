"""The tests are tested: honest variants pass, each mutant fails the check it is named after.

Few seeds here; `python -m generator check --mutants` tries twenty and records the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.checking import inconsistencies
from generator.data import Challenge
from generator.discover import load_challenges
from generator.kernel_tests import load
from generator.trial import mutants, one_seed, trial

ROOT = Path(__file__).resolve().parents[2]
CHALLENGES = load_challenges(ROOT / "challenges")
ON_THE_CPU = [c for c in CHALLENGES.values() if c.runtime != "cuda"]
FEWEST_MUTANTS = 12
FEWEST_HONEST = 3


def each(challenges: list[Challenge]) -> pytest.MarkDecorator:
    """Run a test once per challenge."""
    return pytest.mark.parametrize("challenge", challenges, ids=lambda c: c.slug)


@each(ON_THE_CPU)
def test_honest_pass_and_mutants_fail_the_check_they_are_named_after(challenge: Challenge) -> None:
    """On one seed: no honest variant fails anything, no mutant survives its check."""
    surprises = [outcome for outcome in trial(challenge, ROOT, seeds=1) if not outcome.as_expected]
    assert not surprises


@pytest.mark.slow
@each(ON_THE_CPU)
def test_that_holds_on_further_seeds(challenge: Challenge) -> None:
    """Three more seeds: the tests depend on no lucky draw."""
    outcomes = [outcome for seed in (101, 102, 103) for outcome in one_seed(challenge, ROOT, seed)]
    surprises = [outcome for outcome in outcomes if not outcome.as_expected]
    assert not surprises


@each(list(CHALLENGES.values()))
def test_there_are_enough_mutants_and_honest_variants(challenge: Challenge) -> None:
    """A table of kill rates means something only with enough of both."""
    folder = ROOT / "challenges" / challenge.slug
    assert len(mutants(folder)) >= FEWEST_MUTANTS
    assert (
        len([f for f in (folder / "honest").iterdir() if f.suffix in {".py", ".cu"}])
        >= FEWEST_HONEST
    )


@each(list(CHALLENGES.values()))
def test_every_check_has_a_case_and_every_case_a_check(challenge: Challenge) -> None:
    """challenge.yaml and kernel_tests.py speak of the same checks, and case ids are unique."""
    cases = load(challenge, ROOT).cases(0)
    assert {case.check for case in cases} == set(challenge.checks)
    assert len({case.id for case in cases}) == len(cases)
    assert not inconsistencies(challenge)


@each(list(CHALLENGES.values()))
def test_case_ids_do_not_depend_on_the_seed(challenge: Challenge) -> None:
    """Two verifications can be compared case by case."""
    tests = load(challenge, ROOT)
    assert [c.id for c in tests.cases(1)] == [c.id for c in tests.cases(2)]


@each(list(CHALLENGES.values()))
def test_a_check_survives_whatever_comes_back(challenge: Challenge) -> None:
    """Nothing, nonsense, text and the wrong shapes are findings that fail, never exceptions."""
    import numpy as np

    tests = load(challenge, ROOT)
    nonsense: list[list[dict[str, object]]] = [
        [],
        [{}],
        [dict.fromkeys(("y", "O", "tokens", "beams", "accepted"))],
        [{name: np.array([np.nan]) for name in ("y", "dx", "O", "out", "idx", "probs")}],
        [{"y": "text", "beams": "text", "tokens": {"a": 1}, "O": [[]]}],
    ]
    for case in tests.cases(3):
        for got in nonsense:
            padded = got * len(case.calls) if len(got) == 1 else got
            findings = list(tests.check(case, padded))
            assert findings, case.id
            assert not all(finding.ok for finding in findings), case.id
