"""One case, one process: the job goes in as a file, what comes back is judged by the parent."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.data import Layer, Limits
from generator.runtimes.cuda.confinement import Confinement, described
from generator.sandbox import Reply, wire

MEGABYTE = 10**6
MESSAGES = MEGABYTE
CHILD = Path(__file__).with_name("child.py")
PROBE = Limits(seconds=60, output_mb=1)


@dataclass(frozen=True)
class Libraries:
    """An output's compiled launchers. paths: library by K, "0" for any. refused: why not, by K."""

    paths: Mapping[str, Path]
    index_bytes: int
    refused: Mapping[str, str] = field(default_factory=dict)

    def job(self) -> dict[str, Any]:
        """The part of a job that the child needs to load them."""
        paths = {k: str(path) for k, path in self.paths.items()}
        return {"libraries": paths, "refused": dict(self.refused), "index_bytes": self.index_bytes}


def run(
    libraries: Libraries,
    drive: str,
    calls: tuple[Mapping[str, Any], ...],
    limits: Limits,
    confinement: Confinement,
) -> Reply:
    """Make the calls of one case in a process of their own; never raises for what it does."""
    job = {**libraries.job(), "drive": drive, "calls": list(calls), "no_exec": True}
    seconds = limits.seconds + limits.import_seconds
    return exchange(job, len(calls), seconds, limits.output_mb * MEGABYTE, confinement)


def exchange(
    job: dict[str, Any], wanted: int, seconds: float, output: int, confinement: Confinement
) -> Reply:
    """Hand a job to a child and read its reply, which is at most `output` bytes."""
    ended = spawn(job, seconds, output, confinement)
    return _reply(ended.answer, ended.status, wanted, ended.seconds, ended.printed)


@dataclass(frozen=True)
class Ended:
    """A child that is gone. status: None where it ran out of time. answer: its standard output."""

    status: int | None
    answer: bytes
    printed: str
    seconds: float


def spawn(
    job: dict[str, Any],
    seconds: float,
    output: int,
    confinement: Confinement,
    wrapper: tuple[str, ...] = (),
) -> Ended:
    """Start a child with a job, and wait for it. wrapper: words to put before its command."""
    started = time.monotonic()
    command = [*wrapper, sys.executable, "-I", str(CHILD)]
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as printed,
    ):
        for part in wire.encode({**job, "packages": packages()}):
            asked.write(part)
        asked.seek(0)
        status = confinement.kernel(command, asked, answer, printed, seconds, output + MESSAGES)
        took = time.monotonic() - started
        answer.seek(0)
        printed.seek(0)
        text = printed.read(1 << 20).decode(errors="replace")
        return Ended(status, answer.read(output + MESSAGES), text, took)


def packages() -> list[str]:
    """The folder of the library that the child needs for its system-call filter."""
    found = importlib.util.find_spec("seccompy")
    places = found.submodule_search_locations if found else None
    return [str(Path(place).parent) for place in places or ()]


def _reply(data: bytes, status: int | None, wanted: int, seconds: float, printed: str) -> Reply:
    """What the child's messages and its end amount to. All of it is the child's claim."""
    outputs: list[dict[str, Any]] = []
    error, ended = "", False
    try:
        for message in wire.Reader(len(data) + 1).feed(data):
            if not isinstance(message, dict):
                raise wire.ProtocolError("a message that is not a mapping")
            if isinstance(message.get("output"), dict):
                outputs.append(message["output"])
            error = error or str(message.get("error", ""))[:1000]
            ended = ended or "end" in message
    except wire.ProtocolError as broken:
        return Reply("broken", note=str(broken), seconds=seconds, printed=printed)
    note = error or ("" if ended else f"the process ended with status {status} without an answer")
    if status is None:
        return Reply(
            "timeout", note=f"did not end in {seconds:.0f} s", seconds=seconds, printed=printed
        )
    if error or not ended or len(outputs) != wanted:
        return Reply("crashed", tuple(outputs), note or "too few answers", seconds, printed=printed)
    return Reply("done", tuple(outputs), "", seconds, printed=printed)


def probe(libraries: Libraries, confinement: Confinement) -> tuple[tuple[Layer, ...], str]:
    """Which layers hold for a process that uses the GPU, by trying; and why none runs, if so."""
    with tempfile.TemporaryDirectory() as outside:
        Path(outside).chmod(0o755)
        secret = Path(outside, "secret")
        secret.write_text("not for the output")
        targets = {"secret": str(secret), "judge": os.getpid()}
        job = {**libraries.job(), "attempts": targets}
        reply = exchange(job, 1, PROBE.seconds, PROBE.output_mb * MEGABYTE, confinement)
    if reply.status != "done":
        return (), f"{reply.note} {reply.printed[-500:]}".strip()
    return described({k: str(v) for k, v in reply.outputs[0].items()}), ""
