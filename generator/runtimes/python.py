"""Runs of Python files (NumPy, MLX, plain Python): bind, probe, then one child per case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from generator.binding import bind
from generator.binding.candidates import BESIDE_THE_POINT
from generator.binding.unparsed import unparsed
from generator.data import Binding, CaseResult, Challenge, Limits, OwnTest, Run, Verdict
from generator.runtimes import Execution, Subject
from generator.runtimes.outcome import judge_case
from generator.sandbox import Job, Reply, Sandbox
from generator.sandbox.stage import left_out

PRELOAD = {
    "numpy": ("numpy",),
    "mlx": ("numpy", "mlx.core", "mlx.nn", "mlx.optimizers", "mlx.utils"),
}
DOCUMENTS = {".md", ".markdown", ".rst", ".log", ".json", ".jsonl", ".pdf", ".png", ".jpg", ".svg"}
WRONG_INTERFACE = re.compile(r"(TypeError|AttributeError|LookupError|KeyError)\b")
REFUSED = re.compile(r"NotTestable\b")
TIMEOUTS_IN_A_ROW = 3
MOST_PROBED = 8  # ways to bind a run, the likeliest first; each may take all its time
OWN_TESTS = 8
OWN_TEST_LIMITS = Limits(seconds=20, memory_mb=4000)


class PythonRuntime:
    """Executes runs whose entry points are Python functions, each case in a child of its own."""

    sources = (
        *("binding", "sandbox"),
        *("runtimes/python.py", "runtimes/outcome.py"),
    )

    def __init__(self, name: str, *, accept_weak: bool = False):
        self._name = name
        self._sandbox = Sandbox(PRELOAD[name], accept_weak=accept_weak)

    def __enter__(self) -> Self:
        if not self.missing():
            self._sandbox.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.missing():
            self._sandbox.__exit__(kind, error, trace)

    def missing(self) -> str:
        """MLX has no build for some machines; NumPy is always here."""
        if self._name == "mlx":
            try:
                import mlx.core  # noqa: F401
            except ImportError as error:
                return f"MLX is not installed ({error}): pip install 'kernel-bench-site[mlx]'"
        return ""

    def execute(self, subject: Subject) -> Execution:
        """Bind the run, run its cases, then the author's own tests."""
        if only_documents(subject.run):
            return Execution(stopped=Verdict.NO_OUTPUT, note="documents and no code")
        if reason := self.missing():
            return Execution(stopped=Verdict.NOT_RUN, note=reason)
        options = bind(subject.run, subject.challenge, subject.tests.adapters, subject.copies)
        binding = options[0] if not options[0].ok else self._probe(subject, options)
        cases = tuple(self._results(subject, binding)) if binding.ok else ()
        stopped, note = (None, "") if binding.ok else without_binding(subject, binding)
        return Execution(
            binding=binding,
            cases=cases,
            stopped=stopped,
            note="; ".join(filter(None, (note, left_out(subject.run.folder)))),
            own_tests=tuple(self._own_tests(subject)),
            isolation=self._sandbox.isolation,
        )

    def _probe(self, subject: Subject, options: list[Binding]) -> Binding:
        """The first binding that answers one case; where none does, the first, as it stands.

        Another candidate is tried only where loading failed or the call did not fit the interface:
        a candidate that was called rightly and then failed is the one to be judged. An adapter that
        says that it does not understand an interface has not bound it.
        """
        steps: tuple[str, ...] = ()
        refused = []
        for option in options[:MOST_PROBED]:
            attempt, reply, step = self._attempt(subject, option)
            steps += step
            if option.adapter and reply.import_failed and REFUSED.match(reply.note):
                refused.append(option)
            if reply.status == "done":
                return attempt.model_copy(update={"steps": (*option.steps, *steps)})
            if not (reply.import_failed or WRONG_INTERFACE.match(reply.note)):
                break
        first = next((option for option in options if option not in refused), options[0])
        missing = () if first not in refused else required(subject.challenge)
        return first.model_copy(update={"steps": (*first.steps, *steps), "missing": missing})

    def _attempt(self, subject: Subject, option: Binding) -> tuple[Binding, Reply, tuple[str, ...]]:
        """Try one case; where the module does not load, once more with its definitions alone."""
        reply = self._reply(subject, option, subject.cases[0])
        steps: tuple[str, ...] = (f"probe of {where(option)}: {reply.status} {reply.note[:200]}",)
        if reply.import_failed:
            option = option.model_copy(update={"definitions_only": True})
            reply = self._reply(subject, option, subject.cases[0])
            steps += (f"probe of its definitions alone: {reply.status} {reply.note[:200]}",)
        return option, reply, steps

    def _results(self, subject: Subject, binding: Binding) -> Iterator[CaseResult]:
        """Results in order. A run that keeps running out of time is not waited for again."""
        timeouts = 0
        for case in subject.cases:
            if timeouts >= TIMEOUTS_IN_A_ROW:
                note = f"not tried: {timeouts} cases in a row ran out of time"
                yield CaseResult(case=case.id, verdict=Verdict.TIMEOUT, seconds=0, note=note)
                continue
            reply = self._reply(subject, binding, case)
            timeouts = timeouts + 1 if reply.status == "timeout" else 0
            yield judge_case(subject.tests, case, reply)

    def _reply(self, subject: Subject, binding: Binding, case: Any) -> Reply:
        job = Job(
            folder=subject.run.folder,
            drive=subject.tests.drive,
            binding=binding.model_dump(mode="json"),
            calls=case.calls,
            adapter=subject.tests.adapters.get(binding.adapter, ""),
        )
        return self._sandbox.run(job, subject.challenge.limits)

    def _own_tests(self, subject: Subject) -> Iterator[OwnTest]:
        """The author's own tests and demonstrations: evidence of their own, no pass of ours."""
        files = [a.path for a in subject.run.artifacts if a.path.endswith(".py")]
        beside = [file for file in files if BESIDE_THE_POINT.search(file.lower())]
        for file in [f for f in beside if not re.search(r"plot|profil", f)][:OWN_TESTS]:
            yield self._sandbox.run_script(subject.run.folder, file, OWN_TEST_LIMITS)


def only_documents(run: Run) -> bool:
    """Whether no file of a run can be code by its name: notes, replies, logs and pictures alone."""
    return all(Path(artifact.path).suffix.lower() in DOCUMENTS for artifact in run.artifacts)


def without_binding(subject: Subject, binding: Binding) -> tuple[Verdict, str]:
    """The verdict where a role is missing, and why."""
    if why := unparsed(subject.run, subject.challenge, binding.missing):
        return Verdict.DOES_NOT_COMPILE, why
    return Verdict.NOT_BOUND, f"not found: {', '.join(binding.missing)}"


def required(challenge: Challenge) -> tuple[str, ...]:
    """The roles without which nothing can be judged."""
    return tuple(role for role, entry in challenge.entry.items() if entry.required)


def where(binding: Binding) -> str:
    """The file or adapter that a binding goes through."""
    return f"{binding.module} through {binding.adapter}" if binding.adapter else binding.module
