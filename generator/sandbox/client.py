"""The judge's end of a zygote: start it, start and end cases, kill it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

BOOT = Path(__file__).with_name("boot.py")
START_SECONDS = 60.0
END_SECONDS = 10.0
THREADS = {
    f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
}
ENVIRONMENT = {**THREADS, "LANG": "C.UTF-8", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}


class ZygoteLost(Exception):
    """The zygote died or does not answer; the caller starts a new one."""


class Zygote:
    """A running zygote process and the connection to it."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(BOOT), str(theirs.fileno()), *preload],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        self.control = ours
        self._held = b""
        self._case = 0
        self._receive(START_SECONDS)

    def start(self, request: dict[str, Any], descriptors: tuple[int, int, int]) -> int:
        """Fork a case that owns these descriptors (job, reply, printed); returns its number."""
        self._case += 1
        message = json.dumps({"run": self._case, **request}).encode()
        try:
            socket.send_fds(self.control, [message], list(descriptors))
        except OSError as error:
            raise ZygoteLost(str(error)) from error
        return self._case

    def end(self, case: int) -> str:
        """Kill what is left of the case and return how its process ended. Raises ZygoteLost."""
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps({"end": case}).encode())
        while (answer := self._receive(END_SECONDS)).get("ended") != case:
            pass
        return str(answer["how"])

    def close(self) -> None:
        """Kill the zygote and all in its session."""
        self.control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _receive(self, seconds: float) -> dict[str, Any]:
        self.control.settimeout(seconds)
        try:
            while b"\n" not in self._held:
                data = self.control.recv(1 << 16)
                if not data:
                    raise ZygoteLost(self._last_words())
                self._held += data
        except OSError as error:
            raise ZygoteLost(f"no answer: {error}") from error
        line, _, self._held = self._held.partition(b"\n")
        return dict(json.loads(line))

    def _last_words(self) -> str:
        assert self._process.stderr is not None
        return self._process.stderr.read()[-500:].decode(errors="replace") or "it ended"
