"""A table for a terminal and for a page, and how its cells are written."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table as RichTable

from benchmarks.growth import growth
from benchmarks.record import SHIPPED, Cost, Measured


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, and rows of as many cells."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def rich(self) -> RichTable:
        """For a terminal."""
        made = RichTable(*self.head, title=self.title, title_justify="left")
        for row in self.rows:
            made.add_row(*row)
        return made

    def markdown(self) -> str:
        """For a page."""
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        return f"{self.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def named(corpus: Measured) -> str:
    """A corpus as the head of a column."""
    size = f"{corpus.runs:,} runs ({corpus.models} models)"
    return f"shipped, {corpus.runs} runs" if corpus.name == SHIPPED else size


def cell(cost: Cost | None) -> str:
    """A cost in a few digits."""
    if cost is None:
        return ""
    more = "" if cost.ended else "stopped after "
    return f"{more}{digits(cost.seconds)} / {digits(cost.cpu_seconds)} / {cost.peak_mb:,.0f}"


def digits(seconds: float) -> str:
    """Three digits where there are that many."""
    places = 0 if seconds >= 100 else 1 if seconds >= 10 else 2
    return f"{seconds:,.{places}f}"


def exponent(runs: list[int], costs: list[float]) -> str:
    """A slope with its range."""
    found = growth(runs, costs)
    return f"{found.slope:.2f} ({found.low:.2f} to {found.high:.2f})" if found else ""
