"""Small charts side by side: one for each title, all on one scale of grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from generator.data import POINTS, Letter

PANEL, HEIGHT, TOP, BOTTOM, COLUMNS = 250, 150, 40, 118, 3
LEFT, RIGHT = 12, PANEL - 24
FITS = 18


@dataclass(frozen=True)
class Given:
    """What one challenge was given in one step: as printed, and as grade points.

    mark: how the point is drawn: `plain`, or `passes`, `fails` or `open` by the tests.
    """

    text: str
    letter: Letter
    mark: str = "plain"

    @property
    def points(self) -> float:
        """The grade points of the letter."""
        return POINTS[self.letter]


Row = Sequence[tuple[str, Given | None, bool]]


def chart(panels: Sequence[tuple[str, Row]]) -> dict[str, Any]:
    """Small charts side by side: for each title, the points of its steps on one scale of grades."""
    points = [given.points for _, row in panels for _, given, _ in row if given]
    low = min(2.0, *points) if points else 2.0
    drawn = [panel(n, title, row, low) for n, (title, row) in enumerate(panels)]
    rows = -(-len(drawn) // COLUMNS)
    width = PANEL * min(COLUMNS, len(drawn))
    return {"width": width, "height": HEIGHT * rows, "panels": drawn, "size": (PANEL, HEIGHT)}


def short(name: str, fits: int = FITS) -> str:
    """A name that fits into a chart; the table beside it has the whole one."""
    return name if len(name) <= fits else f"{name[: fits - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def panel(number: int, title: str, row: Row, low: float) -> dict[str, Any]:
    """One small chart: where it stands, its points, and the lines between those that are joined."""
    ticks = [tick(n, name, len(row)) for n, (name, _, _) in enumerate(row)]
    dots = [
        {
            "x": at["x"],
            "y": round(BOTTOM - 12 - (given.points - low) / (4 - low) * (BOTTOM - 12 - TOP), 1),
            "text": given.text,
            "mark": given.mark,
            "joined": joined,
        }
        for at, (_, given, joined) in zip(ticks, row, strict=True)
        if given
    ]
    return {
        "at": (PANEL * (number % COLUMNS), HEIGHT * (number // COLUMNS)),
        "title": short(title, 40),
        "ticks": ticks,
        "dots": dots,
        "lines": [(a, b) for a, b in pairwise(dots) if b["joined"]],
        "base": BOTTOM,
    }


def tick(number: int, name: str, of: int) -> dict[str, Any]:
    """One step's name below the axis; the names of two, which may be long, keep to the corners."""
    x = round(30 + (PANEL - 70) / max(of - 1, 1) * number, 1)
    if of != 2:
        return {"x": x, "name": name, "at": x, "anchor": "middle"}
    at, anchor = ((LEFT, "start"), (RIGHT, "end"))[number]
    return {"x": x, "name": short(name), "at": at, "anchor": anchor}
