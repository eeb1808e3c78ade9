"""How a run of each kind is executed: one file per runtime, behind one interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from generator.data import Binding, CaseResult, Challenge, Layer, OwnTest, Run, Verdict
from generator.kernel_tests import KernelTests


@dataclass(frozen=True)
class Subject:
    """What is to be verified: a run, its challenge, and the cases drawn for it.

    copies: files of the run that are byte-identical to a file of another model.
    """

    run: Run
    challenge: Challenge
    tests: KernelTests
    cases: Sequence[Any]
    copies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Execution:
    """What happened: the cases' results, or the verdict that stopped the run before any case.

    extra: facts of this runtime alone, as JSON (compiler output, repairs, timings).
    """

    binding: Binding = field(default_factory=Binding)
    cases: tuple[CaseResult, ...] = ()
    stopped: Verdict | None = None
    note: str = ""
    own_tests: tuple[OwnTest, ...] = ()
    isolation: tuple[Layer, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


class Runtime(Protocol):
    """One per kind of run and worker."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Files and folders below generator/ that decide this runtime's verdicts."""

    def missing(self) -> str:
        """Why this machine cannot run this kind, or the empty string."""

    def execute(self, subject: Subject) -> Execution:
        """Run as much of the subject as this machine can; never raises for what its code does."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_runtime(name: str, *, accept_weak: bool = False) -> Runtime:
    """The runtime of a challenge.yaml's `runtime` field; its libraries are imported only now."""
    if name == "cuda":
        from generator.runtimes.cuda import CudaRuntime

        return CudaRuntime(accept_weak=accept_weak)
    from generator.runtimes.python import PythonRuntime

    return PythonRuntime(name, accept_weak=accept_weak)
