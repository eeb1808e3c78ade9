"""Workers on this machine: what fits runs at once, and no worker's death is another run's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from generator.data import Evidence
from generator.engines.local import DIED, Local, Worker, _Pool
from generator.engines.worker import needs_mb
from tests.engines.conftest import ROOT, SLUG, todo


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


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_a_stopped_verification(
    project: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """After Ctrl-C (to all, as a terminal sends it) or a kill of the parent alone, workers end."""
    slow = project / "right" / SLUG / "answer.py"
    slow.write_text("import time\ndef centre_rows(x):\n    time.sleep(9)\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o711)
    script = (
        f"from pathlib import Path\n"
        f"from tests.engines.conftest import todo\n"
        f"from generator.engines.local import Local\n"
        f"if __name__ == '__main__':\n"
        f"    list(Local(1).verify_all(todo(Path({str(project)!r}), 'right')))\n"
    )
    (tmp_path / "script.py").write_text(script)
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not list(scratch.glob("*/sandbox-*/files/run")):
        assert parent.poll() is None, parent.stderr and parent.stderr.read()
        time.sleep(0.05)
    group = [int(p.name) for p in Path("/proc").glob("[0-9]*") if session(p) == parent.pid]
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)
    else:
        parent.kill()
    parent.wait(20)
    deadline = time.monotonic() + 20
    while any(map(alive, group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in group if alive(pid)]
    assert len(group) > 1
    assert not list(scratch.iterdir()) or how == signal.SIGKILL


def session(process: Path) -> int:
    """The session that a process belongs to; 0 if it is gone."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return 0
