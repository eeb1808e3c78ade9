"""The judge's end of a zygote: start it, start and end cases, kill it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.sandbox import installed, launch

START_SECONDS = 60.0
END_SECONDS = 10.0
CLOSE_SECONDS = 5.0


class ZygoteLost(Exception):
    """The zygote died or does not answer; the caller starts a new one."""


@dataclass
class Spare:
    """A child that waits for its case: its number, its line, and its pidfd where there are such."""

    number: int
    line: socket.socket
    process: int | None

    def kill(self) -> None:
        """Kill it now, without asking the zygote, if it is still there."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)

    def close(self) -> None:
        """Close our descriptors of it."""
        self.line.close()
        if self.process is not None:
            os.close(self.process)
            self.process = None


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
        self._spares: dict[bool, list[Spare]] = {False: [], True: []}
        self._ended: dict[int, str] = {}
        self._forgotten: set[int] = set()
        self.missing: dict[str, str] | None = None
        try:
            self._send(settings)
            while self.missing is None:
                self.listen(START_SECONDS)
        except ZygoteLost:
            self.close()
            raise

    def start(self, request: dict[str, Any], descriptors: tuple[int, int, int]) -> Spare:
        """Give a waiting child a case and these descriptors (job, reply, printed).

        Another child is asked for, to be made while the case runs. Raises ZygoteLost.
        """
        script = bool(request["script"])
        if script:
            self._send({"more": True})
        while not self._spares[script]:
            self.listen(START_SECONDS)
        spare = self._spares[script].pop(0)
        try:
            socket.send_fds(spare.line, [json.dumps(request).encode()], list(descriptors))
        except OSError as error:
            raise ZygoteLost(str(error)) from error
        spare.line.close()
        if not script:
            self._send({"more": False})
        return spare

    def has_ended(self, spare: Spare) -> bool:
        """Whether the child is known to be gone, as far as was listened."""
        return spare.number in self._ended

    def end(self, spare: Spare, *, wait: bool) -> str:
        """Kill what is left of the case; with `wait`, return how its process ended, else "".

        Without, it is killed but may take a moment to be gone. Raises ZygoteLost.
        """
        spare.kill()
        spare.close()
        self._send({"end": spare.number})
        if not wait:
            self._forgotten.add(spare.number)
            return ""
        while spare.number not in self._ended:
            self.listen(END_SECONDS)
        return self._ended.pop(spare.number)

    def listen(self, seconds: float) -> None:
        """Take what the zygote has to say next. Raises ZygoteLost when it says nothing in time."""
        self.control.settimeout(seconds)
        try:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 8)
        except ConnectionResetError as error:
            raise ZygoteLost(self._last_words()) from error
        except OSError as error:
            raise ZygoteLost(f"no answer: {error}") from error
        if not data:
            raise ZygoteLost(self._last_words())
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line), descriptors)

    def _take(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """One message. Descriptors come with a spare, and with one spare at a time."""
        if "spare" in message:
            process = descriptors[1] if len(descriptors) > 1 else None
            spare = Spare(message["spare"], socket.socket(fileno=descriptors[0]), process)
            self._spares[message["script"]].append(spare)
        elif "ended" in message:
            if message["ended"] in self._forgotten:
                self._forgotten.discard(message["ended"])
            else:
                self._ended[message["ended"]] = str(message["how"])
        else:
            self.missing = message["missing"]

    def _send(self, message: dict[str, Any]) -> None:
        self.control.settimeout(END_SECONDS)
        try:
            self.control.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise ZygoteLost(self._last_words()) from error

    def close(self) -> None:
        """End the zygote and all that it made: it does so when we hang up; otherwise kill it."""
        self.control.close()
        for spare in [*self._spares[False], *self._spares[True]]:
            spare.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_SECONDS)
        if self._process.poll() is None:
            return "it does not answer"
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
