"""A benchmark under way: what was planned, how far it is, and what failed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.measure import Failed
from benchmarks.stages import ORDER, ROUNDS, Step

T = TypeVar("T")
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


@contextmanager
def progress(plan: Plan) -> Iterator[Step]:
    """A bar on stderr over about all steps; it shows the one that it was last called with."""
    corpora = len(plan.sizes) + plan.shipped
    total = 1 + corpora * (len(ORDER) + 2 * ROUNDS) + 6 * ROUNDS
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=stderr) as bar:
        task = bar.add_task("", total=total)

        def step(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield step
