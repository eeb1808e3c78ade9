"""Pairs: every two of a few models, each with its nearest of many."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from generator.data import Challenge, CheckResult, Corpus, Digests, Evidence, Model, Run, Verdict
from generator.pairs import NEAREST, pairs

CHECKS = 200


def field(models: int) -> tuple[Corpus, dict[str, Evidence]]:
    """So many models with a run each; the later in the order of names, the fewer checks pass."""
    names = [f"m{n:03}" for n in range(models)]
    runs = {
        f"{name}/c": Run(model=name, challenge="c", folder=Path(), artifacts=()) for name in names
    }
    evidence = {
        key: Evidence(
            model=run.model,
            challenge="c",
            verdict=Verdict.WRONG,
            summary="",
            checks={
                f"check {n}": CheckResult(verdict=Verdict.PASSED if n > place else Verdict.WRONG)
                for n in range(CHECKS)
            },
            digests=Digests(artifacts="", challenge="", verifier=""),
            seed=1,
            made_at="",
            seconds=0,
        )
        for place, (key, run) in enumerate(runs.items())
    }
    challenge = Challenge(
        slug="c", title="C", difficulty="Hard", runtime="numpy", summary="",
        entry={}, groups={}, checks={},
    )  # fmt: skip
    known = {name: Model(slug=name, name=name) for name in names}
    return Corpus(root=Path(), challenges={"c": challenge}, models=known, runs=runs), evidence


@pytest.mark.parametrize("models", [0, 1, 2, NEAREST + 1])
def test_of_a_few_models_every_two_are_compared(models: int) -> None:
    """In the corpus' order."""
    corpus, evidence = field(models)
    assert list(pairs(corpus, evidence)) == list(combinations(corpus.models, 2))


def test_of_many_models_each_is_compared_with_its_nearest() -> None:
    """As many on either side; the ends have one side; the number grows with the models."""
    corpus, evidence = field(60)
    found = pairs(corpus, evidence)
    rivals = {model: sum(model in pair for pair in found) for model in corpus.models}
    assert rivals["m030"] == 2 * NEAREST
    assert rivals["m000"] == rivals["m059"] == NEAREST
    assert ("m030", "m042") in found
    assert ("m030", "m043") not in found
    assert len(pairs(*field(120))) - len(found) == 60 * NEAREST


def test_who_was_compared_already_is_compared_however_far_apart() -> None:
    """And whoever is declared; a model that is not here is compared with nobody."""
    corpus, evidence = field(60)
    found = pairs(corpus, evidence, [("m059", "m000", "m030"), ("m000", "gone")])
    assert {("m000", "m030"), ("m000", "m059"), ("m030", "m059")} <= set(found)
    assert not [pair for pair in found if "gone" in pair]


def test_without_evidence_the_names_decide() -> None:
    """Nothing is told apart, so the order is that of the names."""
    corpus, _ = field(30)
    assert ("m000", f"m{NEAREST:03}") in pairs(corpus, {})
    assert ("m000", f"m{NEAREST + 1:03}") not in pairs(corpus, {})
