"""The zygote: a fresh interpreter, warmed once, that forks one child per case and reaps it.

It is executed with -I before any seed or answer exists in it, runs no untrusted code itself, and
speaks JSON lines with the judge: {"run": n, ...} with three descriptors (job, reply, printed) starts
case n, {"end": n} kills it, and {"ended": n, "how": text} says that nothing of it is left.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import child, restrict

WARM = (
    "numpy.random", "numpy.linalg", "numpy.fft", "dataclasses", "typing", "inspect", "textwrap",
    "copy", "functools", "itertools", "collections.abc", "time", "random", "warnings", "traceback",
)  # fmt: skip
POLL_SECONDS = 0.002


class Zygote:
    """One control connection, at most one case at a time."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._case = 0
        self._pid = 0

    def loop(self) -> None:
        """Serve until the judge closes the connection."""
        while (message := self._receive()) is not None:
            request, descriptors = message
            if "run" in request:
                self._start(request, descriptors)
            elif request.get("end") == self._case and self._pid:
                self._finish()

    def _receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The judge's next message; meanwhile, report a case whose process ended by itself."""
        while self._pid:
            ready, _, _ = select.select([self._control], [], [], POLL_SECONDS)
            if ready:
                break
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._finish()
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
        return (json.loads(data), descriptors) if data else None

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        self._case = int(request["run"])
        pid = os.fork()
        if pid == 0:
            try:
                self._control.close()
                _be_child(request, *descriptors)
            finally:
                os._exit(0)
        self._pid = pid
        for descriptor in descriptors:
            os.close(descriptor)

    def _finish(self) -> None:
        """Kill what is left of the case, reap it, and tell the judge how it ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        answer = json.dumps({"ended": self._case, "how": _how(status)})
        self._control.sendall(answer.encode() + b"\n")


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"


def _be_child(request: dict[str, Any], job: int, reply: int, printed: int) -> None:
    """Become the case: its own session, three descriptors, limits, then the job."""
    os.setsid()
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    job, reply = restrict.keep_descriptors(job, reply)
    folder = Path(request["folder"])
    work = child.read_job(job)
    restrict.apply_limits(request["limits"])
    child.serve(work, reply, folder)


def warm(preload: list[str]) -> None:
    """Import what every case needs, and keep the collector from copying those pages later."""
    for name in [*WARM, *preload]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve the judge on the descriptor given as first argument; the rest are modules to preload."""
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm(sys.argv[2:])
    control = socket.socket(fileno=int(sys.argv[1]))
    control.sendall(b'{"ready": true}\n')
    Zygote(control).loop()
