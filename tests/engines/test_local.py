"""Workers on this machine: what fits runs at once, and no worker's death is another run's."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from generator.data import Evidence
from generator.engines.local import Local, Worker, _Pool
from generator.engines.worker import DIED, needs_mb
from tests.engines.conftest import todo


def outcomes(project: Path, engine: Local, *names: str) -> dict[str, str]:
    """By model: the verdict, or the error."""
    return {
        task.run.model: str(result.verdict) if isinstance(result, Evidence) else result
        for task, result in engine.verify_all(todo(project, *names))
    }


def test_a_run_that_kills_its_worker_is_an_error_of_its_own(project: Path) -> None:
    """Tried twice, reported in one line; every other run has its verdict."""
    found = outcomes(project, Local(2), "deadly", "right", "wrong")
    assert found == {"deadly": DIED, "right": "passed", "wrong": "wrong"}


def test_a_worker_killed_once_costs_nothing_but_time(project: Path) -> None:
    """The run it was at is verified again."""
    assert outcomes(project, Local(1), "unlucky", "right") == {
        "unlucky": "wrong",
        "right": "passed",
    }


def test_memory_decides_what_starts(project: Path) -> None:
    """Another run starts if its limit fits beside those at work; a lone one starts in any case."""
    first, second = todo(project, "right", "wrong")
    one, two = needs_mb(first), needs_mb(first) + needs_mb(second)
    busy = {Future[Evidence](): (first, Worker())}
    assert _Pool([second], 2, two, dict(busy))._next() == second
    assert _Pool([second], 2, two - 1, dict(busy))._next() is None
    assert _Pool([second], 2, one - 1)._next() == second
