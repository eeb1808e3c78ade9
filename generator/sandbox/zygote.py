"""The zygote: a fresh interpreter, warmed once, that forks one child per case and reaps it.

It is executed with -I before any seed or answer exists in it, runs no untrusted code itself, and
speaks JSON lines with the judge: {"run": n, ...} with three descriptors (job, reply, printed)
starts case n, {"end": n} kills it, and {"ended": n, "how": text} says that nothing of it is left.
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

from . import child, installed, restrict
from .confine import Confinement

WARM = (
    "numpy.random", "numpy.linalg", "numpy.fft", "dataclasses", "typing", "inspect", "textwrap",
    "copy", "functools", "itertools", "collections.abc", "time", "random", "warnings", "traceback",
    "math", "json", "unittest", "runpy", "ast", "enum", "abc", "statistics", "heapq", "tempfile",
)  # fmt: skip
POLL_SECONDS = 0.002


class Zygote:
    """One control connection, at most one case at a time."""

    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._case = 0
        self._pid = 0
        self._watch: int | None = None

    def loop(self) -> None:
        """Serve until the judge closes the connection."""
        while (data := self._receive())[0]:
            for line in data[0].splitlines():
                self._do(json.loads(line), data[1])

    def _do(self, request: dict[str, Any], descriptors: list[int]) -> None:
        if "run" in request:
            self._start(request, descriptors)
        elif request.get("end") == self._case and self._pid:
            self._finish()

    def _receive(self) -> tuple[bytes, list[int]]:
        """The judge's next lines; meanwhile, report a case whose process ended by itself."""
        while self._pid:
            watched = [self._control] if self._watch is None else [self._control, self._watch]
            pause = POLL_SECONDS if self._watch is None else None
            ready, _, _ = select.select(watched, [], [], pause)
            if self._control in ready:
                break
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._finish()
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
        return data, descriptors

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        self._case = int(request["run"])
        fork = _fork_into_namespace if self._confinement.fresh_pids else os.fork
        pid = fork()
        if pid == 0:
            try:
                self._control.close()
                _be_child(self._confinement, request, *descriptors)
            finally:
                os._exit(0)
        self._pid = pid
        with contextlib.suppress(OSError, AttributeError):  # older kernels, macOS: poll instead
            self._watch = os.pidfd_open(pid)
        for descriptor in descriptors:
            os.close(descriptor)

    def _finish(self) -> None:
        """Kill what is left of the case, reap it, and tell the judge how it ended.

        Killing process 1 of a namespace kills all in it, and the wait ends when all are gone.
        """
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if self._watch is not None:
            os.close(self._watch)
            self._watch = None
        if not self._confinement.fresh_pids:
            _end_strays(self._confinement.uid)
        self._confinement.clean_scratch()
        answer = json.dumps({"ended": self._case, "how": _how(status)})
        self._control.sendall(answer.encode() + b"\n")


def _fork_into_namespace() -> int:
    """Fork a child that is process 1 of its own namespace; 0 in it, its number here otherwise.

    A process that unshares stays outside itself: it forks the child, hands us its number, and ends,
    which makes the child ours (we adopt orphans).
    """
    told, tell = os.pipe()
    between = os.fork()
    if between == 0:
        restrict.new_pid_namespace()
        pid = os.fork()
        if pid == 0:
            return 0
        os.write(tell, str(pid).encode())
        os._exit(0)
    os.close(tell)
    pid = int(os.read(told, 32))
    os.close(told)
    os.waitpid(between, 0)
    return pid


def _end_strays(uid: int | None) -> None:
    """Without a namespace: kill all that runs as the case's user, and reap what we adopted."""
    if uid is not None:
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                restrict.drop_user(uid)
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG if uid is None else 0) != (0, 0):
            pass


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"


def _be_child(
    confinement: Confinement, request: dict[str, Any], job: int, reply: int, printed: int
) -> None:
    """Become the case: its own session, few descriptors, the job read, confined; then serve."""
    os.setsid()
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    folder, script = Path(request["folder"]), bool(request["script"])
    if script:
        folder = confinement.into_scratch(folder)
    work = child.read_job(job)
    confinement.enter(request["limits"], script=script)
    (reply,) = restrict.keep_descriptors(reply)
    child.serve(work, reply, folder)


def warm(preload: list[str]) -> None:
    """Import what every case needs, and keep the collector from copying those pages later."""
    for name in [*WARM, *preload]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main(control: socket.socket, settings: dict[str, Any], finder: installed.Finder) -> None:
    """Warm up, find out what can be confined how, and serve the judge until it hangs up."""
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm(settings["preload"])
    restrict.not_dumpable()
    with contextlib.suppress(OSError, AttributeError):
        restrict.adopt_orphans()
    confinement = Confinement(tuple(settings["readable"]), settings["scratch"], settings["uid"])
    confinement.prepare()
    finder.only(settings["visible"])
    control.sendall(json.dumps({"ready": True, "missing": confinement.missing}).encode() + b"\n")
    Zygote(control, confinement).loop()
