"""Records: written whole or not at all, reused exactly when digests match."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.data import Digests, Evidence, JudgedDuel, Status, Verdict
from generator.files import write
from generator.records import Store
from generator.schedule import Standing, standing, worth_keeping
from tests import made
from tests.made import DIGESTS, exchange

WELL = exchange("k", '{"winner": "a"}')


def evidence(verdict: Verdict = Verdict.PASSED, digests: Digests = DIGESTS) -> Evidence:
    """A small record."""
    return made.evidence("m/s", verdict, digests=digests)


def test_a_record_survives_the_round_trip(tmp_path: Path) -> None:
    """What is loaded equals what was saved, and saving it again writes nothing."""
    store = Store(tmp_path)
    store.save_evidence(evidence())
    assert store.evidence() == {"m/s": evidence()}
    assert store.save(store.evidence_path("m", "s"), evidence()) is False


@pytest.mark.parametrize("field", ["artifacts", "challenge", "verifier"])
def test_any_changed_digest_makes_a_record_stale(field: str) -> None:
    """A record is current exactly when everything that it was made from is unchanged."""
    assert standing(evidence(), DIGESTS) is Standing.CURRENT
    assert standing(evidence(), DIGESTS.model_copy(update={field: "other"})) is Standing.STALE
    assert standing(None, DIGESTS) is Standing.MISSING


def test_a_broken_record_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    """A half-written or foreign file is reported by name and left where it is."""
    store = Store(tmp_path)
    store.save_evidence(evidence())
    broken = tmp_path / "evidence" / "m" / "broken.json"
    broken.write_bytes(b'{"model": "m\xff')
    assert list(store.evidence()) == ["m/s"]
    assert "broken.json" in store.problems[0]
    assert broken.exists()


def test_an_answer_of_another_form_is_unscored(tmp_path: Path) -> None:
    """Its record is named, its other answers count, and pages can be made."""
    store = Store(tmp_path)
    judged = JudgedDuel(judge="j", challenge="c", a="a", b="b", exchanges={"forward": WELL})
    store.save_judged_duel(judged)
    (read,) = store.judged_duels()
    assert read.exchanges["forward"].status is Status.UNPARSABLE
    (problem,) = store.problems
    assert problem.startswith(f"{tmp_path}/duels/j/c/a--b.json: exchanges.forward.reply: reasons: ")


def test_what_could_not_run_here_never_replaces_what_ran_elsewhere() -> None:
    """Evidence from a GPU machine outlives a build on a machine without one."""
    assert not worth_keeping(evidence(Verdict.NOT_RUN), evidence(Verdict.WRONG))
    assert worth_keeping(evidence(Verdict.PASSED), evidence(Verdict.WRONG))
    assert worth_keeping(evidence(Verdict.NOT_RUN), None)


def test_a_failed_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full the old bytes stay and no temporary file is left."""
    path = tmp_path / "record.json"
    write(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]
