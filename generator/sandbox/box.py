"""The sandbox as the rest of the project sees it: a job in, a reply out, whatever the code does."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from generator.data import Layer, Limits, OwnTest
from generator.sandbox import snapshot, wire
from generator.sandbox.client import Zygote, ZygoteLost
from generator.sandbox.exchange import Ends, Exchange, Heard

MEGABYTE = 10**6
MESSAGES_CAP = 10**6


class WeakIsolation(Exception):
    """The isolation that holds here is below the floor, and that was not accepted."""


@dataclass(frozen=True)
class Job:
    """One case: the run's folder, the driver's source, how to bind, and the inputs of each call.

    folder: the run's folder; a private copy of it is all of the project that the child can read.
    drive, adapter: source texts. binding: a generator.data.Binding as a mapping.
    calls: inputs only: arrays, numbers, strings, lists, mappings, None.
    """

    folder: Path
    drive: str
    binding: dict[str, Any]
    calls: tuple[Mapping[str, Any], ...]
    adapter: str = ""


@dataclass(frozen=True)
class Reply:
    """What came back. Everything in it is the untrusted code's claim, but for status and seconds.

    status: done; crashed (an exception, a signal, or an exit); timeout; broken (the child did not
    keep to the protocol). outputs: one mapping per call that returned. seconds: of the calls, by
    the judge's clock; import_seconds: of starting the child and loading the output's modules.
    printed: the tail of what it printed.
    """

    status: Literal["done", "crashed", "timeout", "broken"]
    outputs: tuple[dict[str, Any], ...] = ()
    note: str = ""
    seconds: float = 0.0
    import_seconds: float = 0.0
    import_failed: bool = False
    printed: str = ""


class Sandbox:
    """Runs untrusted code, one case at a time. Use one object per worker, as a context manager.

    preload: modules that the code may use besides the standard library, imported once.
    accept_weak: run even where isolation is below the floor. Raises WeakIsolation otherwise.
    """

    def __init__(self, preload: tuple[str, ...] = ("numpy",), *, accept_weak: bool = False) -> None:
        self._preload = preload
        self._accept_weak = accept_weak
        self._zygote: Zygote | None = None
        self._lock = threading.Lock()
        self._copies = snapshot.Snapshots()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and remove the private copies."""
        self._drop()
        self._copies.close()

    @property
    def isolation(self) -> tuple[Layer, ...]:
        """The layers that hold for cases run here."""
        return probe()

    def run(self, job: Job, limits: Limits) -> Reply:
        """Run one case. Never raises for what untrusted code does."""
        content = {
            "drive": job.drive,
            "binding": job.binding,
            "calls": list(job.calls),
            "adapter": job.adapter,
            "output_cap": limits.output_mb * MEGABYTE,
        }
        with self._lock:
            started, heard, how = self._case(self._copies.of(job.folder), content, limits)
        return _reply(started, heard, how, len(job.calls))

    def run_script(self, folder: Path, file: str, limits: Limits) -> OwnTest:
        """Run an author's own test file as `python file`, in a scratch copy of the folder."""
        with self._lock, tempfile.TemporaryDirectory(prefix="own-test-") as scratch:
            copy = snapshot.copy(folder, Path(scratch) / "run")
            started, heard, how = self._case(copy, {"script": file}, limits)
        return _own_test(file, heard, how, heard.finished - started)

    def _case(
        self, folder: Path, content: dict[str, Any], limits: Limits
    ) -> tuple[float, Heard, str]:
        for _ in range(2):
            try:
                return self._try_case(folder, content, limits)
            except ZygoteLost:
                self._drop()
        return self._try_case(folder, content, limits)

    def _try_case(
        self, folder: Path, content: dict[str, Any], limits: Limits
    ) -> tuple[float, Heard, str]:
        frame = wire.encode(content)
        zygote = self._started()
        cap = limits.output_mb * MEGABYTE + MESSAGES_CAP
        with _pipes() as (ours, theirs):
            started = time.monotonic()
            case = zygote.start({"folder": str(folder), "limits": _rlimits(limits)}, theirs)
            for descriptor in theirs:
                os.close(descriptor)
            exchange = Exchange(zygote.control, ours, frame, cap)
            heard = exchange.run(*_deadlines(content, limits))
            how = zygote.end(case)
            exchange.drain()
        return started, heard, how

    def _started(self) -> Zygote:
        if self._zygote is None:
            self._zygote = Zygote(self._preload)
        return self._zygote

    def _drop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


def probe() -> tuple[Layer, ...]:
    """Every isolation layer, found by trying it."""
    return (Layer(name="resource limits", enforced=True), Layer(name="deadline", enforced=True))


@contextlib.contextmanager
def _pipes() -> Iterator[tuple[Ends, tuple[int, int, int]]]:
    """Three pipes; theirs are closed by the caller once they were handed over."""
    job_out, job_in = os.pipe()
    reply_out, reply_in = os.pipe()
    printed_out, printed_in = os.pipe()
    try:
        yield Ends(job_in, reply_out, printed_out), (job_out, reply_in, printed_in)
    finally:
        for descriptor in (job_in, reply_out, printed_out):
            os.close(descriptor)


def _deadlines(content: dict[str, Any], limits: Limits) -> tuple[float, float]:
    """Seconds until it must have loaded, and from then on; a script has one deadline."""
    if "script" in content:
        return limits.import_seconds + limits.seconds, 0.0
    return limits.import_seconds, limits.seconds


def _rlimits(limits: Limits) -> dict[str, int]:
    return {
        "RLIMIT_AS": limits.memory_mb * MEGABYTE,
        "RLIMIT_CPU": math.ceil((limits.seconds + limits.import_seconds) * (os.cpu_count() or 1))
        + 1,
        "RLIMIT_FSIZE": limits.output_mb * MEGABYTE,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 64,
    }


def _reply(started: float, heard: Heard, how: str, calls: int) -> Reply:
    loaded = heard.loaded if heard.loaded is not None else heard.finished
    printed = heard.printed.decode(errors="replace")
    seconds, import_seconds = heard.finished - loaded, loaded - started
    outputs = tuple(heard.outputs[:calls])
    status, note = _status(heard, how, calls)
    failed = heard.loaded is None and status != "broken"
    return Reply(status, outputs, note, seconds, import_seconds, failed, printed)


def _status(
    heard: Heard, how: str, calls: int
) -> tuple[Literal["done", "crashed", "timeout", "broken"], str]:
    if heard.broken:
        return "broken", heard.broken
    if heard.timed_out:
        return (
            "timeout",
            "importing it did not end in time" if heard.importing else "did not end in time",
        )
    if heard.error:
        return "crashed", heard.error
    if not heard.complete:
        return "crashed", f"the process {how} without an answer"
    if len(heard.outputs) != calls:
        return "broken", f"{len(heard.outputs)} outputs for {calls} calls"
    return "done", ""


def _own_test(file: str, heard: Heard, how: str, seconds: float) -> OwnTest:
    if heard.timed_out:
        return OwnTest(
            file=file, ended=False, status=None, seconds=seconds, note="did not end in time"
        )
    ended_by_exit = heard.error.startswith("SystemExit: ")
    if ended_by_exit:
        code = heard.error.removeprefix("SystemExit: ").partition(" (")[0]
        status = 0 if code in {"", "0", "None"} else int(code) if code.isdigit() else 1
        return OwnTest(file=file, ended=True, status=status, seconds=seconds, note=heard.note)
    clean = heard.complete and not heard.error and not heard.broken
    note = heard.note or heard.error or heard.broken or ("" if clean else f"the process {how}")
    return OwnTest(file=file, ended=True, status=0 if clean else 1, seconds=seconds, note=note)
