"""Run + Challenge -> Evidence: draw the cases, have them executed, and sum up what came back."""

from __future__ import annotations

import platform
import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from generator import __version__
from generator.data import (
    CaseResult,
    Challenge,
    CheckResult,
    Corpus,
    Digests,
    Evidence,
    Run,
    Verdict,
)
from generator.flags import flags
from generator.kernel_tests import KernelTests, digest, digest_of
from generator.runtimes import Execution, Runtime, Subject

HERE = Path(__file__).resolve().parent
NOT_CODE = {"PROMPT.md", "README.md", "session.jsonl", "sesion.jsonl"}
WORST_FIRST = (
    Verdict.DOES_NOT_COMPILE,
    Verdict.CRASHED,
    Verdict.TIMEOUT,
    Verdict.WRONG,
    Verdict.NOT_RUN,
    Verdict.NOT_BOUND,
    Verdict.PASSED,
    Verdict.NOT_TESTABLE,
    Verdict.NO_OUTPUT,
)


def verify(
    run: Run,
    challenge: Challenge,
    tests: KernelTests,
    runtime: Runtime,
    *,
    digests: Digests,
    copies: dict[str, str],
    seed: int | None = None,
) -> Evidence:
    """Verify one run and return the record of it; never raises for anything in the run's files.

    copies: file of this run -> `model/challenge/file` of another model with the same bytes.
    seed: of all inputs; drawn afresh if None, and recorded either way.
    """
    started = time.perf_counter()
    seed = secrets.randbits(32) if seed is None else seed
    cases = list(tests.cases(seed))
    execution = execute(run, challenge, tests, runtime, cases, frozenset(copies))
    checks = by_check(challenge, cases, execution)
    verdict = execution.stopped or overall(challenge, checks)
    return Evidence(
        model=run.model,
        challenge=run.challenge,
        verdict=verdict,
        summary=summary(verdict, checks, execution.note),
        checks=checks,
        binding=execution.binding,
        own_tests=execution.own_tests,
        flags=flags(run.folder, run.artifacts),
        artifacts={a.path: a.sha256 for a in run.artifacts},
        digests=digests,
        seed=seed,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - started, 2),
        machine=machine(),
        isolation=execution.isolation,
        extra=execution.extra | ({"copies": copies} if copies else {}),
    )


def execute(
    run: Run,
    challenge: Challenge,
    tests: KernelTests,
    runtime: Runtime,
    cases: list[object],
    copies: frozenset[str],
) -> Execution:
    """Run the cases, unless there is nothing to run."""
    if not produced(run):
        return Execution(stopped=Verdict.NO_OUTPUT, note="the folder holds a prompt and no output")
    return runtime.execute(Subject(run, challenge, tests, cases, copies))


def produced(run: Run) -> bool:
    """Whether a run holds anything but its prompt, a README and a log."""
    return any(artifact.path not in NOT_CODE for artifact in run.artifacts)


def by_check(
    challenge: Challenge, cases: list[object], execution: Execution
) -> dict[str, CheckResult]:
    """Group the cases' results under their checks, in challenge.yaml's order."""
    check_of = {case.id: case.check for case in cases}  # type: ignore[attr-defined]
    grouped: dict[str, list[CaseResult]] = {name: [] for name in challenge.checks}
    for result in execution.cases:
        grouped[check_of[result.case]].append(result)
    return {
        name: CheckResult(verdict=worst(results), cases=tuple(results))
        for name, results in grouped.items()
        if results
    }


def worst(results: list[CaseResult]) -> Verdict:
    """The worst verdict among some cases."""
    return min((result.verdict for result in results), key=WORST_FIRST.index)


def overall(challenge: Challenge, checks: dict[str, CheckResult]) -> Verdict:
    """The run's verdict: the worst of the checks in groups that decide."""
    deciding = [
        result.verdict
        for name, result in checks.items()
        if challenge.groups[challenge.checks[name].group].decides
    ]
    return min(deciding, key=WORST_FIRST.index, default=Verdict.NOT_TESTABLE)


def summary(verdict: Verdict, checks: dict[str, CheckResult], note: str) -> str:
    """One line for people."""
    if not checks:
        return note or str(verdict)
    counts = Counter(result.verdict for result in checks.values())
    total = sum(counts.values()) - counts[Verdict.NOT_TESTABLE]
    failed = [name for name, result in checks.items() if result.verdict.failed]
    text = f"{counts[Verdict.PASSED]} of {total} checks passed"
    text += f"; failed: {', '.join(failed)}" if failed else ""
    return text + (f"; {note}" if note else "")


def copies_in(corpus: Corpus) -> dict[str, dict[str, str]]:
    """For every run: its code files that are byte-identical to a file of another model."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for run in corpus.runs.values():
        for artifact in run.artifacts:
            if artifact.path not in NOT_CODE and artifact.bytes > 200:
                owners.setdefault(artifact.sha256, []).append((run.key, artifact.path))
    found: dict[str, dict[str, str]] = {key: {} for key in corpus.runs}
    for places in owners.values():
        for key, path in places:
            other = [f"{k}/{p}" for k, p in places if k.partition("/")[0] != key.partition("/")[0]]
            if other:
                found[key][path] = other[0]
    return found


def current_digests(run: Run, root: Path, runtime: Runtime) -> Digests:
    """The digests that a record of this run must carry to be current."""
    listing = "\n".join(f"{a.sha256} {a.path}" for a in run.artifacts)
    return Digests(
        artifacts=sha(listing),
        challenge=digest(root / "challenges" / run.challenge),
        verifier=verifier_digest(runtime.sources),
    )


def verifier_digest(sources: tuple[str, ...]) -> str:
    """One digest over the parts of the generator that decide a verdict of this runtime."""
    files = [
        file
        for source in sources
        for file in ([HERE / source] if source.endswith(".py") else sorted((HERE / source).rglob("*.py")))
    ]
    return digest_of(files, HERE)


def sha(text: str) -> str:
    """SHA-256 of a text, in hex."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def machine() -> dict[str, str]:
    """What the evidence was made on, without anything that names the machine or its owner."""
    import numpy

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "generator": __version__,
    }
