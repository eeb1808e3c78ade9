"""The zygote: a fresh interpreter, warmed once, that forks one child per case and reaps it.

It is executed with -I before any seed or answer exists in it and runs no untrusted code itself.
With the judge it speaks JSON lines. It offers children in advance: {"spare": n, "script": bool}
carries the descriptors of the line on which child n gets its case, and of its pidfd where it can.
{"more": script} asks for another; {"end": n} for the end of child n; {"ended": n, "how": text} says
that nothing of it is left, and comes by itself when a child ends by itself.
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
from dataclasses import dataclass
from typing import Any

from . import installed, loading, restrict
from .confine import Confinement
from .spare import fork, kill_all_of

WARM = (
    "numpy.random", "numpy.linalg", "numpy.fft", "dataclasses", "typing", "inspect", "textwrap",
    "copy", "functools", "itertools", "collections.abc", "time", "random", "warnings", "traceback",
    "math", "json", "unittest", "runpy", "ast", "enum", "abc", "statistics", "heapq", "tempfile",
    "tracemalloc", "argparse", "logging", "pathlib", "concurrent.futures", "operator", "threading",
)  # fmt: skip
POLL_SECONDS = 0.002
MOST_FILES = 20_000  # in the scratch folder; a run's copy has 2,000 at most


@dataclass(frozen=True)
class Child:
    """A child of ours. watch: its pidfd, or None where there are none and it must be polled."""

    pid: int
    script: bool
    watch: int | None


class Zygote:
    """One connection to the judge, and the children that are alive."""

    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._children: dict[int, Child] = {}
        self._count = 0
        self._held = b""

    def loop(self) -> None:
        """Serve until the judge hangs up, then end every child."""
        self._offer(script=False)
        while (requests := self._receive()) is not None:
            for request in requests:
                if "more" in request:
                    self._offer(script=bool(request["more"]))
                elif request.get("end") in self._children:
                    self._finish(request["end"])
        for number in list(self._children):
            self._finish(number)

    def _receive(self) -> list[dict[str, Any]] | None:
        """The judge's next requests; meanwhile, report children that ended by themselves."""
        while True:
            watches = [c.watch for c in self._children.values() if c.watch is not None]
            polled = len(watches) < len(self._children)
            watched: list[Any] = [self._control, *watches]
            ready, _, _ = select.select(watched, [], [], POLL_SECONDS if polled else None)
            for number, child in list(self._children.items()):
                if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    self._finish(number)
            if self._control in ready:
                return self._read()

    def _read(self) -> list[dict[str, Any]] | None:
        data = self._control.recv(1 << 16)
        *lines, self._held = (self._held + data).split(b"\n")
        return [json.loads(line) for line in lines] if data else None

    def _offer(self, *, script: bool) -> None:
        """Fork a child that waits for its case, and hand its line to the judge."""
        pid, line = fork(self._confinement, self._control, script=script)
        watch = None
        with contextlib.suppress(OSError, AttributeError):  # older kernels, macOS: poll instead
            watch = os.pidfd_open(pid)
        self._count += 1
        self._children[self._count] = Child(pid, script, watch)
        message = json.dumps({"spare": self._count, "script": script}).encode() + b"\n"
        sent = [line.fileno(), *([] if watch is None else [watch])]
        with contextlib.suppress(OSError):  # the judge hung up: noticed when reading
            socket.send_fds(self._control, [message], sent)
        line.close()

    def _finish(self, number: int) -> None:
        """Kill what is left of a child, reap it, and tell the judge how it ended.

        Killing process 1 of a namespace kills all in it, and the wait ends when all are gone.
        """
        child = self._children.pop(number)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        if child.watch is not None:
            os.close(child.watch)
        if self._confinement.may_leave_strays and self._confinement.uid is not None:
            kill_all_of(self._confinement.uid)  # spares among them: the judge gets new ones
        answer = json.dumps({"ended": number, "how": _how(status)}).encode() + b"\n"
        with contextlib.suppress(OSError):  # the judge may have hung up
            self._control.sendall(answer)
        if child.script:
            self._confinement.clean_scratch()  # after the answer: a case can make this slow


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"


def warm(preload: list[str]) -> None:
    """Import what every case needs, and keep the collector from copying those pages later."""
    for name in [*WARM, *preload]:
        importlib.import_module(name)
    loading.protect_loaded()
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
    with contextlib.suppress(OSError, AttributeError):  # not a file system of its own
        restrict.bound_files(settings["scratch"], MOST_FILES)
    confinement = Confinement(tuple(settings["readable"]), settings["scratch"], settings["uid"])
    confinement.prepare()
    finder.only(settings["visible"])
    control.sendall(json.dumps({"ready": True, "missing": confinement.missing}).encode() + b"\n")
    Zygote(control, confinement).loop()
