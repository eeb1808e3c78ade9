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
from typing import Any

from . import installed, restrict
from .confine import Confinement
from .spare import Spare, fork, kill_all_of

WARM = (
    "numpy.random", "numpy.linalg", "numpy.fft", "dataclasses", "typing", "inspect", "textwrap",
    "copy", "functools", "itertools", "collections.abc", "time", "random", "warnings", "traceback",
    "math", "json", "unittest", "runpy", "ast", "enum", "abc", "statistics", "heapq", "tempfile",
)  # fmt: skip
POLL_SECONDS = 0.002


class Zygote:
    """One control connection, at most one case at a time, and a spare child for the next."""

    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._case = 0
        self._pid = 0
        self._watch: int | None = None
        self._spare: Spare | None = None

    def loop(self) -> None:
        """Serve until the judge closes the connection."""
        while (data := self._receive())[0]:
            for line in data[0].splitlines():
                self._do(json.loads(line), data[1])
        if self._pid:
            self._finish()
        if self._spare is not None:
            self._spare.line.close()  # it ends when it reads that there will be no case
            os.waitpid(self._spare.pid, 0)

    def _do(self, request: dict[str, Any], descriptors: list[int]) -> None:
        if "run" in request:
            self._start(request, descriptors)
        elif request.get("end") == self._case and self._pid:
            self._finish()

    def _receive(self) -> tuple[bytes, list[int]]:
        """The judge's next lines; meanwhile, report a case whose process ended by itself."""
        while self._pid:
            watched: list[Any] = (
                [self._control] if self._watch is None else [self._control, self._watch]
            )
            pause = POLL_SECONDS if self._watch is None else None
            ready, _, _ = select.select(watched, [], [], pause)
            if self._control in ready:
                break
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._finish()
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
        return data, descriptors

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Hand the case to the spare child, and make the next one while the case runs."""
        self._case = int(request["run"])
        script = bool(request["script"])
        spare = self._fork(True) if script else self._spare or self._fork(False)
        self._pid = spare.pid
        with contextlib.suppress(OSError, AttributeError):  # older kernels, macOS: poll instead
            self._watch = os.pidfd_open(spare.pid)
        with contextlib.suppress(OSError):  # a spare that died is noticed as a case that ended
            socket.send_fds(spare.line, [json.dumps(request).encode()], descriptors)
        spare.line.close()
        for descriptor in descriptors:
            os.close(descriptor)
        if not script:
            self._spare = self._fork(False)

    def _fork(self, script: bool) -> Spare:
        return fork(self._confinement, self._control, script=script)

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
            self._end_strays()
        self._confinement.clean_scratch()
        answer = json.dumps({"ended": self._case, "how": _how(status)})
        with contextlib.suppress(OSError):  # the judge may have hung up
            self._control.sendall(answer.encode() + b"\n")

    def _end_strays(self) -> None:
        """Without a namespace: kill all that runs as the case's user, and reap what we adopted."""
        spare = self._spare.pid if self._spare else 0
        if self._confinement.uid is not None:
            kill_all_of(self._confinement.uid)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                if ended == spare:
                    self._spare = None


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"


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
