"""Runs in CUDA: compiled as stored, mended where a mechanical repair can, run where a GPU is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from generator.data import CaseResult, Layer, Verdict
from generator.runtimes import Execution, Subject
from generator.runtimes.cuda.build import Built, build, candidates, repaired
from generator.runtimes.cuda.compiler import Compiler, architecture, first_errors, nvcc
from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.device import compiler_version, device, no_device
from generator.runtimes.cuda.execute import Libraries, probe, run
from generator.runtimes.cuda.sanitize import sanitize
from generator.runtimes.cuda.timing import timing
from generator.runtimes.outcome import judge_case
from generator.sandbox import launch

SANITIZED = "small_vocabularies_5x1000_k32"
DECIDE = (  # a verdict
    "__init__ build child compiler declarations execute launcher parameters repair roles shim"
)


class CudaRuntime:
    """Compiles a run, and runs its cases, each in a process of its own, where this machine can."""

    sources = (
        *(f"runtimes/cuda/{name}.py" for name in DECIDE.split()),
        "runtimes/outcome.py",
        "sandbox/wire.py",
    )

    def __init__(self, *, accept_weak: bool = False) -> None:
        self._accept_weak = accept_weak

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing outlives a run."""

    def missing(self) -> str:
        """Without a compiler nothing can be said; without a GPU, whether a run compiles."""
        return "" if nvcc() else "nvcc, the CUDA compiler, is not on this machine"

    def execute(self, subject: Subject) -> Execution:
        """Compile the run; then its cases, sanitizers and timings where there is a GPU."""
        if reason := self.missing():
            return Execution(stopped=Verdict.NOT_RUN, note=reason)
        with workspace() as (work, confinement):
            return Attempt(
                subject, Compiler(subject.run.folder, work / "build", confinement), confinement
            ).execution()


@contextmanager
def workspace() -> Iterator[tuple[Path, Confinement]]:
    """A scratch folder, and the rules for processes that may see it."""
    with ExitStack() as stack:
        uid = stack.enter_context(launch.slot())
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuda-"))).resolve()
        work.chmod(0o711)
        yield work, Confinement(work, uid)


class Attempt:
    """One run's way through the compiler, the repairs and the cases."""

    def __init__(self, subject: Subject, compiler: Compiler, confinement: Confinement) -> None:
        self._subject, self._compiler, self._confinement = subject, compiler, confinement
        self._ks = [int(call["K"]) for case in subject.cases for call in case.calls]
        self._isolation: tuple[Layer, ...] = ()

    def execution(self) -> Execution:
        """The verdict is that of the file as stored; what a repair makes of it stands beside it."""
        files = candidates(self._subject.run, self._subject.challenge, self._compiler)
        if not files:
            return Execution(stopped=Verdict.NOT_BOUND, note="no CUDA file in this folder")
        tried = self._first_that_compiles(files)
        built = next((b for b in tried if not b.errors), tried[0])
        steps = tuple(f"{b.file}: {_said(b)}" for b in tried)
        extra: dict[str, Any] = {
            "compiler": {"nvcc": compiler_version(), "architecture": architecture()}
        }
        if device():
            extra["device"] = device()
        if built.errors:
            return self._broken(built, steps, extra)
        if built.libraries is None:
            return Execution(
                built.binding(steps), stopped=Verdict.NOT_BOUND, note=built.reason, extra=extra
            )
        if reason := self._cannot_run(built.libraries):
            return Execution(
                built.binding(steps),
                stopped=Verdict.NOT_RUN,
                note=f"it compiles; {reason}",
                extra=extra,
            )
        results = self._results(built.libraries)
        extra |= self._beyond(built.libraries, results)
        return Execution(built.binding(steps), results, isolation=self._isolation, extra=extra)

    def _first_that_compiles(self, files: list[str]) -> list[Built]:
        """Every file up to the first that compiles as stored."""
        tried = []
        for file in files:
            tried.append(build(self._compiler, self._subject.challenge, file, self._ks, files))
            if not tried[-1].errors:
                break
        return tried

    def _broken(self, built: Built, steps: tuple[str, ...], extra: dict[str, Any]) -> Execution:
        """As stored it does not compile. The repaired verdict stands in the record beside that."""
        original = self._compiler.source(built.file)
        errors = first_errors(built.errors)
        repair, mended = repaired(self._compiler, self._subject.challenge, built, self._ks)
        beside: dict[str, Any] = {
            "rungs": [],
            "verdict": str(Verdict.DOES_NOT_COMPILE),
            "errors": first_errors(mended.errors),
        }
        if repair is not None:
            beside |= {
                "rungs": list(repair.rungs),
                "diff": repair.diff(original, built.file)[:20000],
            }
        if not mended.errors:
            beside |= self._outcome_of(mended)
        extra |= {"errors": errors, "repaired": beside}
        binding = mended.binding(steps) if not mended.errors else built.binding(steps)
        note = f"{built.file}: {errors[0] if errors else 'no message'}"
        return Execution(
            binding,
            stopped=Verdict.DOES_NOT_COMPILE,
            note=note[:400],
            isolation=self._isolation,
            extra=extra,
        )

    def _outcome_of(self, mended: Built) -> dict[str, Any]:
        """What the repaired file does, in the words of a record."""
        if mended.libraries is None:
            return {"verdict": str(Verdict.NOT_BOUND), "note": mended.reason}
        if reason := self._cannot_run(mended.libraries):
            return {"verdict": str(Verdict.NOT_RUN), "note": f"it compiles; {reason}"}
        results = self._results(mended.libraries)
        passed = [r.case for r in results if r.verdict == Verdict.PASSED]
        failed = {r.case: str(r.verdict) for r in results if r.verdict.failed}
        worst = Verdict.WRONG if failed else Verdict.PASSED
        cases = [r.model_dump(mode="json") for r in results]
        said = self._beyond(mended.libraries, results)
        return {
            "verdict": str(worst),
            "passed": len(passed),
            "failed": failed,
            "cases": cases,
            **said,
        }

    def _cannot_run(self, libraries: Libraries) -> str:
        """Why nothing can be run, or the empty string; finds out the isolation on the way."""
        if reason := no_device():
            return reason
        self._isolation, problem = probe(libraries, self._confinement)
        return f"no process of ours can use the GPU: {problem}" if problem else ""

    def _results(self, libraries: Libraries) -> tuple[CaseResult, ...]:
        """Each case in a process of its own: an error that sticks to a context ends with it."""
        subject = self._subject
        limits = subject.challenge.limits
        return tuple(
            judge_case(
                subject.tests,
                case,
                run(libraries, subject.tests.drive, case.calls, limits, self._confinement),
            )
            for case in subject.cases
        )

    def _beyond(self, libraries: Libraries, results: tuple[CaseResult, ...]) -> dict[str, Any]:
        """Sanitizers on one small case; timings of a kernel that is right."""
        small = next(case for case in self._subject.cases if case.id == SANITIZED)
        drive = self._subject.tests.drive
        found: dict[str, Any] = {
            "sanitizer": sanitize(libraries, drive, small.calls[0], self._confinement)
        }
        if not any(result.verdict.failed for result in results):
            roof = self._roof()
            found["timing"] = (
                timing(libraries, roof, self._confinement) if roof else {"failed": "no roof"}
            )
        return found

    def _roof(self) -> Path | None:
        """Our kernel that only reads, compiled."""
        source = (
            Path(__file__).resolve().parents[3]
            / "challenges"
            / self._subject.challenge.slug
            / "roof.cu"
        )
        return self._compiler.ours(source).library


def _said(built: Built) -> str:
    """What the compiler made of a file, in one line."""
    if built.errors:
        return f"does not compile: {' '.join(first_errors(built.errors, 1))}"[:300]
    return built.reason or "compiles"
