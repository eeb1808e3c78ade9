"""The sandbox as the rest of the project sees it: a job in, a reply out, whatever the code does."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from generator.data import Layer, Limits, OwnTest
from generator.sandbox import client, exchange, launch, outcome, restrict, wire
from generator.sandbox.job import Job, content
from generator.sandbox.layers import below_floor, layers
from generator.sandbox.limits import MEGABYTE, address_space, rlimits
from generator.sandbox.outcome import Reply
from generator.sandbox.stage import Stage

MESSAGES_CAP = 10**6
PROBE_LIMITS = Limits(seconds=10, memory_mb=500, output_mb=1)


class WeakIsolation(Exception):
    """The isolation that holds here is below the floor, and that was not accepted."""


class Sandbox:
    """Runs untrusted code, one case at a time. Use one object per worker, as a context manager.

    preload: modules that the code may use besides the standard library, imported once.
    accept_weak: run even where isolation is below the floor; otherwise the first use raises
    WeakIsolation there.
    """

    def __init__(self, preload: tuple[str, ...] = ("numpy",), *, accept_weak: bool = False) -> None:
        self._preload = preload
        self._accept_weak = accept_weak
        self._lock = threading.RLock()
        self._resources = contextlib.ExitStack()
        self._stage: Stage | None = None
        self._uid: int | None = None
        self._zygote: client.Zygote | None = None
        self._unwrapped = ""
        self._layers: tuple[Layer, ...] = ()

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
        """End the zygote and remove the private copies. A later use starts anew."""
        with self._lock:
            self._drop()
            self._resources.close()
            self._stage = None

    @property
    def isolation(self) -> tuple[Layer, ...]:
        """The layers that hold for cases run here, found by trying. Raises WeakIsolation."""
        with self._lock:
            self._started()
            return self._layers

    def run(self, job: Job, limits: Limits) -> Reply:
        """Run one case. Never raises for what untrusted code does."""
        deadlines = (limits.import_seconds, limits.seconds)
        heard, how = self._case(job.folder, content(job, limits), limits, deadlines)
        return outcome.reply(heard, how, len(job.calls))

    def run_script(self, folder: Path, file: str, limits: Limits) -> OwnTest:
        """Run an author's own test file as `python file`, in a scratch copy of the folder."""
        deadlines = (limits.import_seconds + limits.seconds, 0.0)
        heard, how = self._case(folder, {"script": file}, limits, deadlines)
        return outcome.own_test(file, heard, how)

    def _case(
        self, folder: Path, content: dict[str, Any], limits: Limits, deadlines: tuple[float, float]
    ) -> tuple[exchange.Heard, str]:
        """Run a case; if the zygote is lost, which no case should be able to do, start another."""
        frame = wire.encode(content)
        with self._lock:
            for last in (False, True):
                try:
                    self._started()
                    return self._attempt(folder, frame, content, limits, deadlines)
                except client.ZygoteLost:
                    self._drop()
                    if last:
                        raise
        raise AssertionError("unreachable")

    def _attempt(
        self,
        folder: Path,
        frame: list[bytes | memoryview],
        content: dict[str, Any],
        limits: Limits,
        deadlines: tuple[float, float],
    ) -> tuple[exchange.Heard, str]:
        assert self._stage is not None  # for the type checker
        assert self._zygote is not None
        request = {
            "folder": str(self._stage.show(folder)),
            "limits": rlimits(limits),
            "script": "script" in content,
        }
        outputs = len(content.get("calls", (1,)))
        caps = limits.output_mb * MEGABYTE + MESSAGES_CAP, outputs
        return exchange.converse(self._zygote, request, frame, caps, deadlines)

    def _started(self) -> None:
        """Have a zygote, and know which layers hold for its cases."""
        if self._zygote is not None:
            return
        restrict.not_dumpable()
        if self._stage is None:
            self._stage = Stage()
            self._resources.callback(self._stage.close)
            self._uid = self._resources.enter_context(launch.slot())
        self._zygote, self._unwrapped = client.start(self._stage.root, self._preload, self._uid)
        if not self._layers:
            self._layers = self._probe(self._zygote)
        weak = below_floor(self._layers)
        if weak and not self._accept_weak:
            self.close()
            raise WeakIsolation("; ".join(f"{layer.name}: {layer.note}" for layer in weak))

    def _probe(self, zygote: client.Zygote) -> tuple[Layer, ...]:
        """Try, from inside a case, what no case may do."""
        with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as empty:
            Path(outside).chmod(0o755)
            secret = Path(outside, "secret")
            secret.write_text("not for the output")
            targets = {
                "secret": str(secret),
                "folder": str(self._stage.root / "files") if self._stage else "/",
                "judge": os.getpid(),
                "uid": os.getuid(),
                "kept": restrict.FIRST_KEPT + 1,
                "memory": address_space(PROBE_LIMITS),
            }
            content = {"attempts": targets}
            frame = wire.encode(content)
            heard, _ = self._attempt(Path(empty), frame, content, PROBE_LIMITS, (20.0, 20.0))
            if not heard.outputs:  # a machine under load may be slow: once more, with more patience
                heard, _ = self._attempt(Path(empty), frame, content, PROBE_LIMITS, (60.0, 60.0))
        achieved = heard.outputs[0] if heard.outputs else {}
        missing = (zygote.missing or {}) | {"bubblewrap": self._unwrapped}
        return layers(achieved, missing)

    def _drop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


@functools.cache
def probe() -> tuple[Layer, ...]:
    """Every isolation layer, found by trying it here."""
    with Sandbox(accept_weak=True) as box:
        return box.isolation
