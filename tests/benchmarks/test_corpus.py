"""Synthetic corpora are whole projects, and verdicts in them are as designed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.corpus import SEED, make, shape
from generator.checking import check_challenges, check_records, check_settings
from generator.discover import corpus
from generator.logged import read_logs
from generator.records import Store

RUNS = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bool]]:
    """A corpus of five models and six challenges, and whether each run must pass."""
    root = tmp_path_factory.mktemp("corpus")
    return root, make(root, RUNS)


@pytest.mark.parametrize(("runs", "wanted"), [(35, (5, 7)), (350, (14, 25)), (3500, (50, 70))])
def test_models_and_challenges_grow_together(runs: int, wanted: tuple[int, int]) -> None:
    """Neither alone: what grows with pairs of models would drown what grows with runs."""
    assert shape(runs) == wanted


def test_a_corpus_is_a_whole_project(made: tuple[Path, dict[str, bool]]) -> None:
    """Its challenges hold together, every run is found, and some keep a log that replays."""
    root, expected = made
    found = corpus(root)
    assert found.runs.keys() == expected.keys()
    assert (found.problems, len(expected)) == ((), RUNS)
    store = Store(root / "docs" / "records")
    problems = [*check_challenges(root), *check_settings(root, store), *check_records(store)]
    left_out = ("cases: none of check", "ranking.yaml: alternatives.")  # as most cases are
    assert [p for p in problems if not any(part in p for part in left_out)] == []
    replays = read_logs(found).replays.values()
    assert replays
    assert all("as logged" in {row.outcome for row in rows} for rows in replays)


def test_a_corpus_has_both_right_and_wrong_runs(made: tuple[Path, dict[str, bool]]) -> None:
    """What is measured on it is the work that both kinds take."""
    assert set(made[1].values()) == {True, False}


@pytest.mark.slow
def test_verdicts_are_as_designed(made: tuple[Path, dict[str, bool]]) -> None:
    """Every run made from an honest variant passes, no other does, and the empty one has none."""
    root, expected = made
    done = subprocess.run(
        [sys.executable, "-m", "generator", "verify", "--seed", str(SEED), "--json"],
        cwd=root,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    verdicts = {f"{run['model']}/{run['challenge']}": run["verdict"] for run in runs}
    assert {key: verdict == "passed" for key, verdict in verdicts.items()} == expected
    assert {"passed", "wrong", "no output"} <= set(verdicts.values())
