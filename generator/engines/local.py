"""Verification on this machine: worker processes, as many at once as cores and memory allow."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from generator.data import Evidence
from generator.engines.machine import free_mb
from generator.engines.pool import prepare, uninterrupted
from generator.engines.worker import ATTEMPTS, DIED, needs_mb, one_line, verify_task
from generator.sandbox.launch import THREADS
from generator.verify import Task


@dataclass
class Local:
    """Workers on this machine. memory_mb: what they may take together; 0 for what is free."""

    workers: int
    memory_mb: int = 0

    def verify_all(self, todo: list[Task]) -> Iterator[tuple[Task, Evidence | str]]:
        """Verify in the order given, as far as memory allows.

        GPU runs come last, one at a time: they never share the device, and nothing disturbs their
        timings.
        """
        memory = self.memory_mb or free_mb()
        gpu = [task for task in todo if task.challenge.runtime == "cuda"]
        cpu = [task for task in todo if task.challenge.runtime != "cuda"]
        for batch, size in ((cpu, self.workers), (gpu, 1)):
            if batch:
                yield from _Pool(batch, min(size, len(batch)), memory).results()


class Worker:
    """One process, in a pool of its own: if it dies, no other worker's run is lost with it."""

    def __init__(self) -> None:
        self._pool = self._started()

    @staticmethod
    def _started() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=prepare)

    def submit(self, task: Task) -> Future[Evidence]:
        """Verify a task, in a new process if the last one died."""
        with uninterrupted():
            try:
                return self._pool.submit(_interruptible, task)
            except BrokenProcessPool:
                self._pool = self._started()
                return self._pool.submit(_interruptible, task)

    def close(self) -> None:
        """Wait for the process to end."""
        self._pool.shutdown(cancel_futures=True)


@dataclass
class _Pool:
    """A batch of tasks and the workers that go through it."""

    waiting: list[Task]
    size: int
    memory_mb: int
    running: dict[Future[Evidence], tuple[Task, Worker]] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)

    def results(self) -> Iterator[tuple[Task, Evidence | str]]:
        """The results as they come. On any exit, what has not started is not."""
        workers = [Worker() for _ in range(self.size)]
        idle = list(workers)
        try:
            with one_thread_each():
                while self.waiting or self.running:
                    while idle and (task := self._next()):
                        worker = idle.pop()
                        self.running[worker.submit(task)] = task, worker
                    done, _ = wait(self.running, return_when=FIRST_COMPLETED)
                    for future in done:
                        task, worker = self.running.pop(future)
                        idle.append(worker)
                        if outcome := self._outcome(task, future):
                            yield task, outcome
        finally:
            for worker in workers:
                worker.close()

    def _next(self) -> Task | None:
        """Take the first task that fits into what memory is left; any, where nothing runs."""
        taken = sum(needs_mb(task) for task, _ in self.running.values())
        for place, task in enumerate(self.waiting):
            if not self.running or taken + needs_mb(task) <= self.memory_mb:
                return self.waiting.pop(place)
        return None

    def _outcome(self, task: Task, future: Future[Evidence]) -> Evidence | str | None:
        """The evidence or the error; None where the worker died and the task waits once more."""
        error = future.exception()
        if error is None:
            return future.result()
        if not isinstance(error, BrokenProcessPool):
            return one_line(error)
        self.deaths[task.run.key] += 1
        if self.deaths[task.run.key] >= ATTEMPTS:
            return DIED
        self.waiting.insert(0, task)
        return None


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started here use one thread each in linear algebra; workers fill the cores."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _interruptible(task: Task) -> Evidence:
    """Verify, unless Ctrl-C comes, which a terminal sends to workers as well."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return verify_task(task)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
