"""A verification that is stopped, politely or not, leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from generator.engines.pool import uninterrupted
from tests.engines.conftest import ROOT, SLUG

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
PATIENCE = 240  # seconds; a machine under load is slow, which is no fault of what is tested
SCRIPT = """
from pathlib import Path
from generator.engines.{module} import {engine}
from tests.engines.conftest import todo

if __name__ == "__main__":
    list({engine}(1).verify_all(todo(Path({project!r}), "right")))
"""


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files; its path is short, since Ray keeps its sockets there."""
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def started(project: Path, scratch: Path, engine: str) -> subprocess.Popen[bytes]:
    """A verification in a session of its own, once it is at work on a case that takes long."""
    slow = "import time\ndef centre_rows(x):\n    time.sleep(9)\n"
    (project / "right" / SLUG / "answer.py").write_text(slow)
    script = SCRIPT.format(module=engine.lower(), engine=engine, project=str(project))
    (project / "script.py").write_text(script)
    parent = subprocess.Popen(
        [sys.executable, str(project / "script.py")],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not list(scratch.glob("*/sandbox-*/files/run")):
        assert parent.poll() is None, parent.stderr and parent.stderr.read()
        time.sleep(0.05)
    return parent


def members(session: int) -> set[str]:
    """The command lines of a session's processes.

    Two agents of Ray's own are left out: when all of Ray was killed, they take a minute to notice.
    """
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            command = (process / "cmdline").read_text().replace("\0", " ")
            if int(fields[3]) == session and not re.match(r"ray::\w+Agent", command):
                found.add(command)
    return found - {""}  # that of a process that has ended and was not waited for


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("engine", ["Local", pytest.param("Ray", marks=pytest.mark.slow)])
def test_nothing_outlives_a_stopped_verification(
    project: Path, scratch: Path, engine: str, how: signal.Signals
) -> None:
    """After Ctrl-C (to all, as a terminal sends it) or a kill of the parent alone, workers end."""
    parent = started(project, scratch, engine)
    assert len(members(parent.pid)) > 1
    (os.killpg if how == signal.SIGINT else os.kill)(parent.pid, how)
    parent.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while members(parent.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not members(parent.pid)


def test_ctrl_c_leaves_no_file(project: Path, scratch: Path) -> None:
    """Workers end in order, and take their folders with them."""
    parent = started(project, scratch, "Local")
    os.killpg(parent.pid, signal.SIGINT)
    parent.wait(PATIENCE)
    assert not list(scratch.iterdir())


def test_a_worker_that_starts_is_not_interrupted_while_it_imports() -> None:
    """Ctrl-C waits for the end of the block, and in a process that is started in it as well."""
    told = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    blocked = []

    def started_when_stopped() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            blocked.append(subprocess.check_output([sys.executable, "-c", told], text=True))

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            started_when_stopped()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert blocked == ["True\n"]
