"""Outputs that nobody here wrote: bound, verified and left as they were, one variation each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.binding import bind
from generator.data import Run
from generator.digests import copies_in
from generator.discover import corpus
from generator.kernel_tests import load
from generator.yamlfile import read_mapping

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = ROOT / "tests" / "fixtures" / "foreign"
FOUND = corpus(ROOT, FOREIGN)
EXPECTED: dict[str, dict[str, Any]] = read_mapping(FOREIGN / "expected.yaml")
FEWEST = 45
UNBOUND = {"not bound", "does not compile"}


def first_binding(run: Run) -> Any:
    """The binding that would be tried first."""
    challenge = FOUND.challenges[run.challenge]
    copies = frozenset(copies_in(FOUND)[run.key])
    return bind(run, challenge, load(challenge, ROOT).adapters, copies)[0]


def test_every_foreign_run_is_expected_and_nothing_else_is_one() -> None:
    """At least 45 variations; a folder of notes is not taken for a model."""
    assert set(FOUND.runs) == set(EXPECTED)
    assert len(EXPECTED) >= FEWEST
    assert "analysis" not in FOUND.models


@pytest.mark.parametrize("key", sorted(EXPECTED))
def test_binding(key: str) -> None:
    """Bound, or not bound for the reason meant, with a step recorded for every role."""
    told, binding = EXPECTED[key], first_binding(FOUND.runs[key])
    if told["verdict"] == "no output":
        return
    assert binding.ok is (told["verdict"] not in UNBOUND), binding.steps
    assert binding.steps
    if "module" in told:
        assert binding.module == told["module"]
    if "missing" in told:
        assert told["missing"] in binding.missing
    if "placeholder" in told:
        assert told["placeholder"] in binding.placeholders


@pytest.mark.slow
def test_all_are_judged_as_expected_and_no_byte_is_changed(tmp_path: Path) -> None:
    """One `verify --runs`: the right verdict on each, and the files are what they were."""
    from typer.testing import CliRunner

    from generator.cli import app

    before = {key: run.artifacts for key, run in FOUND.runs.items()}
    command = ["verify", "--runs", str(FOREIGN), "--records", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    runs = {f"{r['model']}/{r['challenge']}": r for r in json.loads(done.stdout)["runs"]}
    verdicts = {key: run["verdict"] for key, run in runs.items()}
    assert verdicts == {key: told["verdict"] for key, told in EXPECTED.items()}
    for key, told in EXPECTED.items():
        if "fails" in told:
            assert runs[key]["checks"][told["fails"]] == "wrong", key
        if "passes" in told:
            assert runs[key]["checks"][told["passes"]] == "passed", key
        if told.get("steps") == "definitions alone":
            assert runs[key]["binding"]["definitions_only"], key
    assert {key: run.artifacts for key, run in corpus(ROOT, FOREIGN).runs.items()} == before


def test_identical_files_are_reported_on_both() -> None:
    """Two models with the same bytes: each run names the other."""
    found = copies_in(FOUND)
    for key, told in EXPECTED.items():
        assert bool(found[key]) is bool(told.get("copies")), key
