"""The judge's end of a zygote: start it, start and end cases, kill it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from generator.sandbox import installed, launch

START_SECONDS = 60.0
END_SECONDS = 10.0
CLOSE_SECONDS = 5.0


class ZygoteLost(Exception):
    """The zygote died or does not answer; the caller starts a new one."""


class Zygote:
    """A running zygote process and the connection to it.

    settings: what the zygote is told first (launch.settings). wrapper: words before its command.
    missing: the layers that it could not prepare, with reasons.
    """

    def __init__(self, settings: dict[str, Any], wrapper: list[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*wrapper, *launch.command(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=launch.environment(),
                start_new_session=True,
                cwd="/",
            )
        self.control = ours
        self._held = b""
        self._case = 0
        try:
            self.control.sendall(json.dumps(settings).encode())
            self.missing: dict[str, str] = self._receive(START_SECONDS)["missing"]
        except (ZygoteLost, OSError) as error:
            self.close()
            raise ZygoteLost(str(error)) from error

    def start(self, request: dict[str, Any], descriptors: tuple[int, int, int]) -> int:
        """Fork a case that owns these descriptors (job, reply, printed); returns its number."""
        self._case += 1
        message = json.dumps({"run": self._case, **request}).encode() + b"\n"
        try:
            socket.send_fds(self.control, [message], list(descriptors))
        except OSError as error:
            raise ZygoteLost(str(error)) from error
        return self._case

    def end(self, case: int) -> str:
        """Kill what is left of the case and return how its process ended. Raises ZygoteLost."""
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps({"end": case}).encode() + b"\n")
        while (answer := self._receive(END_SECONDS)).get("ended") != case:
            pass
        return str(answer["how"])

    def close(self) -> None:
        """End the zygote and all that it made: it does so when we hang up; otherwise kill it."""
        self.control.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
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
        except ConnectionResetError as error:
            raise ZygoteLost(self._last_words()) from error
        except OSError as error:
            raise ZygoteLost(f"no answer: {error}") from error
        line, _, self._held = self._held.partition(b"\n")
        return dict(json.loads(line))

    def _last_words(self) -> str:
        stream = self._process.stderr
        words = stream.read()[-500:].decode(errors="replace") if stream else ""
        return words or "it ended"


def start(stage: Path, preload: tuple[str, ...], uid: int | None) -> tuple[Zygote, str]:
    """Start a zygote, wrapped where that works here; also say why it is not wrapped, or "".

    Raises ZygoteLost when it cannot be started at all.
    """
    settings = launch.settings(stage, preload, uid)
    packages = settings["packages"]
    assert isinstance(packages, dict)  # for the type checker
    wrapper = launch.wrapper(stage, installed.paths(packages))
    if not wrapper:
        return Zygote(settings, []), "bubblewrap is not installed"
    try:
        return Zygote(settings, wrapper), ""
    except ZygoteLost as error:
        return Zygote(settings, []), f"not usable here: {error}"
