"""Decide which runs need verification, and verify them on as many cores as asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from enum import StrEnum
from multiprocessing import get_context
from multiprocessing.util import Finalize

from generator.data import Corpus, Digests, Evidence, Verdict
from generator.digests import copies_in, current_digests
from generator.runtimes import Runtime, open_runtime
from generator.sandbox import WeakIsolation
from generator.verify import Task, verify


class Standing(StrEnum):
    """How a run's record stands to the files that it speaks of."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"


def standings(corpus: Corpus, known: dict[str, Evidence]) -> dict[str, tuple[Standing, Digests]]:
    """For every run: how its record stands, and the digests that a current record carries."""
    kinds = {corpus.challenges[run.challenge].runtime for run in corpus.runs.values()}
    sources = {kind: open_runtime(kind).sources for kind in kinds}
    found = {}
    for key, run in corpus.runs.items():
        kind = corpus.challenges[run.challenge].runtime
        wanted = current_digests(run, corpus.root, sources[kind])
        found[key] = (standing(known.get(key), wanted), wanted)
    return found


def standing(record: Evidence | None, wanted: Digests) -> Standing:
    """Current exactly when every digest matches."""
    if record is None:
        return Standing.MISSING
    return Standing.CURRENT if record.digests == wanted else Standing.STALE


def tasks(
    corpus: Corpus,
    keys: Iterable[str],
    digests: dict[str, Digests],
    *,
    seed: int | None = None,
    accept_weak: bool = False,
) -> list[Task]:
    """What to verify, for the given runs."""
    copies = copies_in(corpus)
    return [
        Task(
            run=corpus.runs[key],
            challenge=corpus.challenges[corpus.runs[key].challenge],
            root=corpus.root,
            digests=digests[key],
            copies=copies[key],
            seed=seed,
            accept_weak=accept_weak,
        )
        for key in keys
    ]


def verify_all(todo: list[Task], workers: int) -> Iterator[tuple[Task, Evidence | str]]:
    """Verify every task; yields each with its evidence, or with our own error as one line.

    GPU runs go one at a time, in a pool of their own, so that they never share the device.
    """
    gpu = [task for task in todo if task.challenge.runtime == "cuda"]
    cpu = [task for task in todo if task.challenge.runtime != "cuda"]
    for batch, size in ((cpu, workers), (gpu, 1)):
        if batch:
            yield from _in_pool(batch, min(size, len(batch)))


def _in_pool(batch: list[Task], size: int) -> Iterator[tuple[Task, Evidence | str]]:
    """Run a batch in `size` fresh processes; on any exit, what has not started is cancelled."""
    with ProcessPoolExecutor(
        size, mp_context=get_context("spawn"), initializer=_ignore_ctrl_c
    ) as pool:
        pending: dict[Future[Evidence], Task] = {
            pool.submit(verify_task, task): task for task in batch
        }
        try:
            for done in as_completed(pending):
                error = done.exception()
                yield pending[done], done.result() if error is None else one_line(error)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _ignore_ctrl_c() -> None:
    """Ctrl-C is for the parent: it stops submitting, and the workers finish what they are at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def verify_task(task: Task) -> Evidence:
    """Verify one run in this process."""
    runtime = _runtime(task.challenge.runtime, task.accept_weak)
    return verify(task, runtime)


_opened: dict[str, Runtime] = {}


def _runtime(name: str, accept_weak: bool) -> Runtime:
    """The worker's runtime of this kind, opened once and closed when the worker ends."""
    if name not in _opened:
        opened = open_runtime(name, accept_weak=accept_weak)
        _opened[name] = opened.__enter__()
        Finalize(None, opened.__exit__, args=(None, None, None), exitpriority=10)
    return _opened[name]


def worth_keeping(new: Evidence, old: Evidence | None) -> bool:
    """Whether a new record may replace the old: what could not run does not replace what ran."""
    return old is None or new.verdict != Verdict.NOT_RUN or old.verdict == Verdict.NOT_RUN


def one_line(error: BaseException) -> str:
    """An error of ours as one line."""
    if isinstance(error, WeakIsolation):
        return (
            f"isolation is too weak here ({error}); --accept-weak-isolation verifies all the same"
        )
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
