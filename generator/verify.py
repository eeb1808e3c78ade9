"""Run + Challenge -> Evidence: draw the cases, have them executed, and sum up what came back."""

from __future__ import annotations

import platform
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from generator import __version__
from generator.credible import incredible
from generator.data import (
    Challenge,
    CheckResult,
    Digests,
    Evidence,
    Run,
    Verdict,
)
from generator.deciding import by_check, overall
from generator.digests import NOT_CODE
from generator.flags import flags
from generator.kernel_tests import load
from generator.runtimes import Execution, Runtime, Subject
from generator.tally import tally


@dataclass(frozen=True)
class Task:
    """One run to verify, with all that is needed to do so in any process.

    copies: file of the run -> `model/challenge/file` of another model with the same bytes.
    seed: of all inputs; drawn afresh if None, and recorded either way.
    """

    run: Run
    challenge: Challenge
    root: Path
    digests: Digests
    copies: dict[str, str]
    seed: int | None = None
    accept_weak: bool = False


def verify(task: Task, runtime: Runtime) -> Evidence:
    """Verify one run and return its record; never raises for anything in the run's files."""
    started = time.perf_counter()
    run, challenge = task.run, task.challenge
    seed = secrets.randbits(32) if task.seed is None else task.seed
    tests = load(challenge, task.root)
    cases = list(tests.cases(seed))
    execution = execute(Subject(run, challenge, tests, cases, frozenset(task.copies)), runtime)
    checks = by_check(challenge, cases, execution)
    doubted = incredible(challenge, cases, execution.cases, execution.binding)
    verdict = execution.stopped or overall(challenge, checks, doubted)
    return Evidence(
        model=run.model,
        challenge=run.challenge,
        verdict=verdict,
        summary=summary(challenge, verdict, checks, note_on(doubted), execution.note),
        checks=checks,
        binding=execution.binding,
        own_tests=execution.own_tests,
        flags=flags(run.folder, run.artifacts),
        artifacts={a.path: a.sha256 for a in run.artifacts},
        digests=task.digests,
        seed=seed,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - started, 2),
        machine=machine(),
        isolation=execution.isolation,
        copies=task.copies,
        extra=execution.extra,
    )


def execute(subject: Subject, runtime: Runtime) -> Execution:
    """Run the cases, unless there is nothing to run."""
    if not produced(subject.run):
        return Execution(stopped=Verdict.NO_OUTPUT, note="the folder holds no output")
    return runtime.execute(subject)


def produced(run: Run) -> bool:
    """Whether a run holds anything but its prompt, a README and a log."""
    return any(artifact.path not in NOT_CODE for artifact in run.artifacts)


def note_on(doubted: Sequence[str]) -> str:
    """Why a run is not believed that some checks cannot be put to it; empty for none."""
    if not doubted:
        return ""
    return f"not testable, though calls of the same kind were answered: {', '.join(doubted)}"


def summary(
    challenge: Challenge, verdict: Verdict, checks: dict[str, CheckResult], *notes: str
) -> str:
    """One line for people."""
    counted = tally(challenge, checks) if checks else ""
    return "; ".join(filter(None, [counted, *notes])) or str(verdict)


def machine() -> dict[str, str]:
    """What the evidence was made on, without anything that names the machine or its owner."""
    import numpy as np

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "generator": __version__,
    }
