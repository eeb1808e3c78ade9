"""Geometry of the charts: numbers to coordinates. The templates draw; nothing here knows SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.data import POINTS, CheckResult, Letter, Ranking
from generator.render.cells import Cell
from generator.render.gpu import Timing
from generator.render.sheets import ROWS

ROW, TOP = 30, 26
DECADES = 6
RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")
CAPTION = (
    "Mean grade points with 95 % intervals over challenges. A hollow dot is a model with too few "
    "challenges to be ranked. An interval that reaches past a border is cut there."
)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Scale:
    """A linear map from [low, high] to per cent of a plot's width, as text does not stretch."""

    low: float
    high: float

    def __call__(self, value: float) -> str:
        """The coordinate of a value; values outside are put on the border."""
        inside = min(max(value, self.low), self.high)
        return f"{100 * (inside - self.low) / (self.high - self.low):.2f}%"


def plot(rows: Rows, ticks: Rows) -> dict[str, Any]:
    """Rows one below the other, each with its name at the left, over an axis with ticks."""
    placed = [row | {"y": TOP + ROW * n} for n, row in enumerate(rows)]
    return {"height": TOP + ROW * len(rows) + 16, "rows": placed, "ticks": ticks}


def letters(scale: Scale) -> Rows:
    """Ticks at the plain letters, with what each counts."""
    marks: tuple[Letter, ...] = ("F", "D", "C", "B", "A")
    return [
        {"x": scale(POINTS[letter]), "label": f"{letter} {POINTS[letter]:.0f}", "strong": False}
        for letter in marks
        if POINTS[letter] >= scale.low
    ]


def intervals(ranking: Ranking, names: dict[str, str]) -> dict[str, Any]:
    """Mean points of the first models with their 95 % intervals, on a scale of grade points."""
    places = ranking.places[:ROWS]
    lowest = min((p.interval[0] if p.interval else p.points) for p in places)
    scale = Scale(max(0.0, math.floor(min(lowest, 3.0))), 4.0)
    rows = [
        {
            "name": names.get(place.model, place.model),
            "x": scale(place.points),
            "low": scale(place.interval[0]) if place.interval else None,
            "high": scale(place.interval[1]) if place.interval else None,
            "ranked": place.best_rank is not None,
        }
        for place in places
    ]
    label = f"Mean grade points by model, grader {ranking.grader}; see the table."
    return plot(rows, letters(scale)) | {"label": label, "caption": CAPTION}


def apart(pairs: Sequence[tuple[str, float | None, float | None, str]]) -> dict[str, Any] | None:
    """Published and measured grade points side by side, a row for each name that has both.

    pairs: a name, its published points, its points by evidence, and how the latter are drawn:
    `passes`, `fails` or `open`.
    """
    scale = Scale(0.0, 4.0)
    rows = [
        {"name": name, "old": scale(old), "new": scale(new), "mark": mark}
        for name, old, new, mark in pairs
        if old is not None and new is not None
    ]
    return plot(rows, letters(scale)) if rows else None


def accuracy(cells: Sequence[Cell]) -> dict[str, Any] | None:
    """For each run and check, the largest error as a multiple of its bound, in decades."""
    scale = Scale(-DECADES, DECADES)
    rows: Rows = []
    for cell in cells:
        checks = cell.evidence.checks.items() if cell.evidence else ()
        dots = [found for name, result in checks if (found := dot(name, result))]
        if dots:
            placed = [{**found, "x": scale(found["decades"])} for found in dots]
            rows.append({"name": cell.model.name, "dots": placed})
    ticks = [
        {
            "x": scale(d),
            "label": "bound" if d == 0 else f"10{str(d).translate(RAISED)}",
            "strong": d == 0,
        }
        for d in range(-DECADES, DECADES + 1, 2)
    ]
    return plot(rows, ticks) if rows else None


def roofline(rows: Sequence[tuple[str, Sequence[Timing]]]) -> dict[str, Any] | None:
    """Share of the read rate by output and shape, from a thousandth to all of it, in decades."""
    scale = Scale(-3, 0.1)
    made: Rows = [
        {
            "name": name,
            "dots": [
                {**vars(t), "x": scale(math.log10(t.share))}
                for t in times
                if t.share and t.share > 0
            ],
        }
        for name, times in rows
        if any(t.share for t in times)
    ]
    ticks = [
        {"x": scale(d), "label": label, "strong": d == 0}
        for d, label in ((-3, "0.1 %"), (-2, "1 %"), (-1, "10 %"), (0, "100 %"))
    ]
    return plot(made, ticks) if made else None


def dot(name: str, result: CheckResult) -> dict[str, Any] | None:
    """A check's largest error as a multiple of its bound; None where no ratio can be drawn."""
    measured = [
        (f.error / f.bound, f)
        for case in result.cases
        for f in case.findings
        if f.error is not None and f.bound is not None and f.bound > 0
    ]
    measured = [(ratio, f) for ratio, f in measured if not math.isnan(ratio)]
    if not measured:
        return None
    ratio, finding = max(measured, key=lambda pair: pair[0])
    decades = math.log10(ratio) if 0 < ratio < math.inf else (DECADES if ratio else -DECADES)
    return {
        "check": name,
        "ratio": ratio,
        "decades": decades,
        "error": finding.error,
        "bound": finding.bound,
        "ok": not result.verdict.failed,
    }
