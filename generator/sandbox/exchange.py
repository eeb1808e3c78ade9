"""One case as the judge sees it: write the job, read the messages, keep to the deadline.

Everything read here is untrusted. The deadline is kept by a clock, never by waiting for a pipe to
close, because a process that outlives the case may hold it open.
"""

from __future__ import annotations

import os
import selectors
import time
from dataclasses import dataclass, field
from typing import Any

from generator.sandbox import wire
from generator.sandbox.client import Spare, Zygote
from generator.sandbox.pipes import CHUNK, Ends, pipes

PRINTED_CAP = 4096
MESSAGES_CAP = 10_000
LISTEN_SECONDS = 1.0


@dataclass
class Heard:
    """What came back from a case. started, loaded, finished: clock readings (time.monotonic)."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    printed: bytes = b""
    note: str = ""
    error: str = ""
    importing: bool = False
    broken: str = ""
    started: float = 0.0
    loaded: float | None = None
    finished: float = 0.0
    complete: bool = False
    timed_out: bool = False
    gone: bool = False


def converse(
    zygote: Zygote,
    request: dict[str, Any],
    frame: list[Any],
    caps: tuple[int, int],
    seconds: tuple[float, float],
) -> tuple[Heard, str]:
    """Run one case to its end: nothing of it is left on return. Raises ZygoteLost.

    request: what the zygote is asked. frame: the job. caps: bytes and outputs that may come back.
    seconds: until it must have loaded, and from then on. Returns what was heard and how the process
    ended.
    """
    with pipes() as (ours, theirs):
        try:
            spare = zygote.start(request, theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        talk = Exchange(zygote, spare, ours, frame, caps)
        heard = talk.run(*seconds)
        how = zygote.end(spare, wait=not heard.complete or bool(request["script"]))
        talk.drain()
    return heard, how


class Exchange:
    """Runs the conversation of one case until it is over; the caller then kills what is left."""

    def __init__(
        self, zygote: Zygote, spare: Spare, ends: Ends, frame: list[Any], caps: tuple[int, int]
    ) -> None:
        self.heard = Heard(started=time.monotonic())
        self._zygote = zygote
        self._spare = spare
        self._ends = ends
        self._pending = [memoryview(part) for part in frame]
        self._reader = wire.Reader(caps[0])
        self._most_outputs = caps[1]
        self._messages = 0
        self._wait = selectors.DefaultSelector()
        for fd in (ends.job, ends.reply, ends.printed):
            os.set_blocking(fd, False)
        self._wait.register(ends.job, selectors.EVENT_WRITE, self._write_job)
        self._wait.register(ends.reply, selectors.EVENT_READ, self._read_reply)
        self._wait.register(ends.printed, selectors.EVENT_READ, self._read_printed)
        self._wait.register(zygote.control, selectors.EVENT_READ, self._process_gone)

    def run(self, import_seconds: float, seconds: float) -> Heard:
        """Talk until the child has answered, broken the protocol, ended, or run out of time."""
        started = self.heard.started
        while not self._over():
            first = self.heard.loaded is None
            since = started if first else self.heard.loaded
            deadline = (since or started) + (import_seconds if first else seconds)
            left = deadline - time.monotonic()
            if left <= 0:
                self.heard.timed_out, self.heard.importing = True, first
                break
            for key, _ in self._wait.select(left):
                key.data()
        self.heard.finished = time.monotonic()
        return self.heard

    def drain(self) -> None:
        """Take what is still in the pipes once nothing can write to them any more."""
        for fd, take in (
            (self._ends.reply, self._read_reply),
            (self._ends.printed, self._read_printed),
        ):
            for _ in range(64):
                if fd not in self._wait.get_map() or not take():
                    break
        self._wait.close()

    def _over(self) -> bool:
        return self.heard.complete or bool(self.heard.broken) or self.heard.gone

    def _write_job(self) -> bool:
        try:
            while self._pending:
                self._pending[0] = self._pending[0][os.write(self._ends.job, self._pending[0]) :]
                if not self._pending[0]:
                    self._pending.pop(0)
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self._pending.clear()
        self._wait.unregister(self._ends.job)
        return False

    def _read(self, fd: int) -> bytes:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._wait.unregister(fd)
        return data

    def _read_printed(self) -> bool:
        data = self._read(self._ends.printed)
        self.heard.printed = (self.heard.printed + data)[-PRINTED_CAP:]
        return bool(data)

    def _read_reply(self) -> bool:
        data = self._read(self._ends.reply)
        try:
            for message in self._reader.feed(data):
                self._take(message)
        except wire.ProtocolError as error:
            self.heard.broken = str(error)
        return bool(data)

    def _take(self, message: Any) -> None:
        """One message of the child; the first that ends the case wins."""
        if self.heard.complete or self.heard.broken:
            return
        self._messages += 1
        if not isinstance(message, dict) or self._messages > MESSAGES_CAP:
            self.heard.broken = "a message that is not a mapping, or too many of them"
        elif "loaded" in message and self.heard.loaded is None:
            self.heard.loaded = time.monotonic()
        elif "output" in message and len(self.heard.outputs) == self._most_outputs:
            self.heard.broken = "more outputs than calls"
        elif isinstance(message.get("output"), dict):
            self.heard.outputs.append(message["output"])
        elif "output" in message:
            self.heard.broken = "the driver returned something that is not a mapping"
        elif isinstance(message.get("note"), str):
            self.heard.note = message["note"][:1000]
        elif isinstance(message.get("error"), str):
            self.heard.error, self.heard.complete = message["error"][:1000], True
            self.heard.importing = message.get("importing") is True
        elif "end" in message:
            self.heard.complete = True
        else:
            self.heard.broken = "an unknown message"

    def _process_gone(self) -> bool:
        """The zygote has something to say; perhaps that the case ended."""
        self._zygote.listen(LISTEN_SECONDS)
        self.heard.gone = self._zygote.has_ended(self._spare)
        return True
