"""Honest CUDA variants, our reference among them, and mutants: all cases of a seed in one process.

Unlike a stored run, whose cases each have a process, this is our own code: what is measured is the
tests. An implementation that breaks its context fails the calls from there on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from generator.data import Challenge, Limits
from generator.kernel_tests import load
from generator.runtimes.cuda import workspace
from generator.runtimes.cuda.build import ROLE, build
from generator.runtimes.cuda.compiler import Compiler
from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.device import no_device
from generator.runtimes.cuda.execute import Libraries, run
from generator.trial import Outcome, mutants

LIMITS = Limits(seconds=200, output_mb=64)


@dataclass(frozen=True)
class Trial:
    """One implementation on one seed. check: the mutant's, or "" for an honest variant."""

    name: str
    check: str
    libraries: Libraries
    confinement: Confinement
    challenge: Challenge
    root: Path
    seed: int


def cannot_try() -> str:
    """Why nothing can be tried here, or the empty string."""
    return no_device()


def trial(challenge: Challenge, root: Path, seeds: int) -> Iterator[Outcome]:
    """Every honest variant and mutant on `seeds` seeds; nothing at all where there is no GPU."""
    if cannot_try():
        return
    listed = list(implementations(root / "challenges" / challenge.slug))
    cases = load(challenge, root).cases(0)
    ks = sorted({int(call["K"]) for case in cases for call in case.calls})
    with workspace() as (work, confinement), workers() as pool:
        places = [work / f"build_{name}" for name, *_ in listed]
        sources = [files for *_, files in listed]
        compiling = partial(compile_one, challenge, ks, confinement=confinement)
        made = pool.map(compiling, sources, places)
        compiled = list(zip(listed, made, strict=True))
        todo = [
            Trial(name, check, libraries, confinement, challenge, root, seed)
            for seed in range(seeds)
            for (name, check, _), libraries in compiled
        ]
        yield from pool.map(attempt, todo)


def workers() -> ProcessPoolExecutor:
    """One process a core; each starts children of its own, so none may be forked from a thread."""
    return ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn"))


def implementations(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, the check that must fail ("" for none) and the source files of each implementation."""
    yield (
        "reference",
        "",
        {f.name: f.read_text() for f in folder.glob("*.cu*") if f.name != "roof.cu"},
    )
    for file in sorted(folder.glob("honest/*.cu")):
        yield file.stem, "", {file.name: file.read_text()}
    for mutant, source in mutants(folder):
        yield mutant.name, mutant.check, {f"{ROLE}.cu": source}


def compile_one(
    challenge: Challenge,
    ks: list[int],
    files: dict[str, str],
    work: Path,
    confinement: Confinement,
) -> Libraries:
    """Compile sources of our own. Raises RuntimeError where they do not: that is our mistake."""
    folder = work.with_name(f"{work.name}_source")
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    main = next(name for name in files if name.endswith(".cu"))
    built = build(Compiler(folder, work, confinement), challenge, main, ks)
    if built.libraries is None:
        raise RuntimeError(f"{main}: {built.errors or built.reason}")
    return built.libraries


def attempt(one: Trial) -> Outcome:
    """Run an implementation on the cases of one seed; a mutant on those of its check alone."""
    tests = load(one.challenge, one.root)
    cases = [case for case in tests.cases(one.seed) if one.check in {"", case.check}]
    calls = tuple(call for case in cases for call in case.calls)
    reply = run(one.libraries, tests.drive, calls, LIMITS, one.confinement)
    if reply.status == "crashed" and not reply.outputs:  # perhaps before its first call: once more
        reply = run(one.libraries, tests.drive, calls, LIMITS, one.confinement)
    outputs, failed = iter(reply.outputs), set()
    for case in cases:
        got = list(islice(outputs, len(case.calls)))
        untestable = any("not_testable" in output for output in got)
        if not untestable and not all(finding.ok for finding in tests.check(case, got)):
            failed.add(case.check)
    name = one.name if one.check else f"honest/{one.name}"
    outcome = Outcome(name, one.seed, frozenset(failed), one.check)
    if not outcome.as_expected:
        said = f"{reply.status} {reply.note} {reply.printed[-300:]}"
        sys.stderr.write(f"{name}, seed {one.seed}: failed {sorted(failed)}; {said}\n")
    return outcome
