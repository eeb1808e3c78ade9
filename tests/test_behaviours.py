"""Stand-ins behave as the originals are measured or published to, and say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.data import Evidence, Provenance, Verdict
from generator.digests import copies_in
from generator.discover import corpus
from generator.options import Options
from generator.records import Store
from generator.schedule import standings, tasks
from generator.yamlfile import read_mapping

ROOT = Path(__file__).resolve().parent.parent
FOUND = corpus(ROOT)
STAND_INS = [
    key
    for key, run in FOUND.runs.items()
    if FOUND.models[run.model].provenance is Provenance.STAND_IN
    and (run.folder / "behaviour.yaml").exists()
]
PUBLISHED_RUNS = 35


def expected(key: str) -> dict[str, Any]:
    """What a stand-in's behaviour.yaml says."""
    return read_mapping(FOUND.runs[key].folder / "behaviour.yaml")


def assert_behaves(evidence: Evidence, told: dict[str, Any]) -> None:
    """Exactly the named checks fail, exactly the named ones cannot be tested, all others pass."""
    failed = {name for name, result in evidence.checks.items() if result.verdict.failed}
    untestable = {
        name for name, result in evidence.checks.items() if result.verdict is Verdict.NOT_TESTABLE
    }
    assert failed == set(told.get("fails") or {})
    assert untestable == set(told.get("not_testable") or {})
    assert evidence.verdict == told["verdict"]


def test_every_published_grade_has_a_stand_in() -> None:
    """35 cells of the published matrix, 35 runs that can be verified on a fresh clone."""
    assert len(STAND_INS) == PUBLISHED_RUNS


@pytest.mark.parametrize("key", STAND_INS)
def test_the_recorded_evidence_is_the_described_behaviour(key: str) -> None:
    """The committed evidence is current and says of a stand-in what its behaviour.yaml says."""
    records = Store(ROOT / "docs" / "records").evidence()
    state, _ = standings(FOUND, {key: records[key]})[key]
    assert state == "current"
    assert_behaves(records[key], expected(key))


@pytest.mark.slow
def test_a_fresh_verification_gives_the_same() -> None:
    """New seeds, every stand-in that runs on a CPU, the same verdicts on the same checks."""
    keys = [k for k in STAND_INS if FOUND.challenges[FOUND.runs[k].challenge].runtime != "cuda"]
    digests = {key: digest for key, (_, digest) in standings(FOUND, {}).items()}
    for task, evidence in Options().engine.verify_all(tasks(FOUND, keys, digests)):
        assert isinstance(evidence, Evidence), evidence
        assert_behaves(evidence, expected(task.run.key))


@pytest.mark.parametrize("key", STAND_INS)
def test_a_stand_in_says_so(key: str) -> None:
    """The first line of its README says what it is; the source of each behaviour is named."""
    run = FOUND.runs[key]
    first = (run.folder / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert "stand-in" in first.lower()
    assert expected(key)["source"]


def test_no_stand_in_has_a_session_log() -> None:
    """Nothing is presented as a model's own session."""
    for key in STAND_INS:
        assert not list(FOUND.runs[key].folder.rglob("*.jsonl")), key


def test_the_one_identical_file_is_reported_on_both_models() -> None:
    """glm5.1 keeps a byte-identical copy of glm5's verifier, and both runs say so."""
    found = copies_in(FOUND)
    assert found["glm5.1/dflash_verify"] == {"dflash.py": "glm5/dflash_verify/dflash.py"}
    assert found["glm5/dflash_verify"] == {"dflash.py": "glm5.1/dflash_verify/dflash.py"}
