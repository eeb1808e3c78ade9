"""submitit: the records of the local pool, from jobs; its local executor stands in for Slurm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from generator.engines import Name, open_engine
from generator.engines.local import Local
from generator.engines.submitit import Submitit
from generator.engines.worker import DIED
from generator.yamlfile import BadFile
from tests.engines.conftest import records


@pytest.mark.slow
def test_jobs_make_the_records_of_the_local_pool(project: Path, tmp_path: Path) -> None:
    """A run that kills its worker is an error of its own, and its job goes on."""
    names = ("deadly", "right", "wrong")
    by_jobs = records(project, Submitit(2, tmp_path / "jobs", "local"), *names)
    assert by_jobs["deadly"] == DIED
    assert by_jobs == records(project, Local(2), *names)


def test_without_submitit_one_line_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is looked at."""
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(BadFile, match=r"needs submitit: .*requirements-dev\.txt"):
        open_engine(Name.SUBMITIT, 1, 0, "")


def test_without_slurm_one_line_says_so(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a traceback of submitit's."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadFile, match="no Slurm"):
        records(project, Submitit(1, tmp_path / "jobs"), "right")
