"""Geometry of the charts: numbers to coordinates. The templates draw; nothing here knows SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.data import POINTS, CheckResult, Ranking
from generator.render.cells import Cell
from generator.render.gpu import Timing
from generator.render.sheets import ROWS

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 170, 30, 30, 26
DECADES = 6
FITS = 18
RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")
CAPTION = (
    "Mean grade points with 95 % intervals over challenges. A hollow dot is a model with too few "
    "challenges to be ranked. An interval that reaches past a border is cut there."
)


@dataclass(frozen=True)
class Scale:
    """A linear map from [low, high] to coordinates between the margins."""

    low: float
    high: float
    left: float = LEFT
    right: float = WIDTH - RIGHT

    def __call__(self, value: float) -> float:
        """The coordinate of a value; values outside are put on the border."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return round(self.left + share * (self.right - self.left), 1)


def short(name: str, fits: int = FITS) -> str:
    """A name that fits beside a chart; the table beside it has the whole one."""
    return name if len(name) <= fits else f"{name[: fits - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def intervals(ranking: Ranking, names: dict[str, str]) -> dict[str, Any]:
    """Mean points of the first models with their 95 % intervals, on a scale of grade points."""
    places = ranking.places[:ROWS]
    lowest = min((p.interval[0] if p.interval else p.points) for p in places)
    low = max(0.0, math.floor(min(lowest, 3.0)))
    scale = Scale(low, 4.0)
    rows = [
        {
            "name": short(names.get(place.model, place.model)),
            "y": TOP + ROW * n,
            "x": scale(place.points),
            "low": scale(place.interval[0]) if place.interval else None,
            "high": scale(place.interval[1]) if place.interval else None,
            "ranked": place.best_rank is not None,
        }
        for n, place in enumerate(places)
    ]
    letters = {POINTS[letter]: letter for letter in ("A", "B", "C", "D", "F")}
    ticks = [
        {"x": scale(value), "label": f"{letter} {value:.0f}"}
        for value, letter in sorted(letters.items())
        if value >= low
    ]
    return {
        "width": WIDTH,
        "height": TOP + ROW * len(rows) + 16,
        "left": LEFT,
        "rows": rows,
        "ticks": ticks,
        "label": f"Mean grade points by model, grader {ranking.grader}; see the table.",
        "caption": CAPTION,
    }


def accuracy(cells: Sequence[Cell]) -> dict[str, Any] | None:
    """For each run and check, the largest error as a multiple of its bound, in decades."""
    scale = Scale(-DECADES, DECADES)
    rows: list[dict[str, Any]] = []
    for cell in cells:
        dots = [dot for item in checks_of(cell) if (dot := worst(*item))]
        if dots:
            rows.append({
                "name": short(cell.model.name),
                "y": TOP + ROW * len(rows),
                "dots": [{**dot, "x": scale(dot["decades"])} for dot in dots],
            })  # fmt: skip
    if not rows:
        return None
    ticks = [
        {
            "x": scale(d),
            "label": "bound" if d == 0 else f"10{str(d).translate(RAISED)}",
            "zero": d == 0,
        }
        for d in range(-DECADES, DECADES + 1, 2)
    ]
    height = TOP + ROW * len(rows) + 16
    return {"width": WIDTH, "height": height, "left": LEFT, "rows": rows, "ticks": ticks}


def roofline(rows: Sequence[tuple[str, Sequence[Timing]]]) -> dict[str, Any] | None:
    """Share of the read rate by output and shape, from a thousandth to all of it, in decades."""
    scale = Scale(-3, 0.1)
    shown = [(name, [t for t in times if t.share]) for name, times in rows]
    made = [
        {
            "name": short(name),
            "dots": [
                {**vars(t), "x": scale(math.log10(t.share))}
                for t in times
                if t.share and t.share > 0
            ],
        }
        for name, times in shown
        if times
    ]
    if not made:
        return None
    ticks = [
        {"x": scale(d), "label": label, "roof": d == 0}
        for d, label in ((-3, "0.1 %"), (-2, "1 %"), (-1, "10 %"), (0, "100 %"))
    ]
    placed = [row | {"y": TOP + ROW * n} for n, row in enumerate(made)]
    height = TOP + ROW * len(made) + 16
    return {"width": WIDTH, "height": height, "left": LEFT, "rows": placed, "ticks": ticks}


def checks_of(cell: Cell) -> list[tuple[str, CheckResult]]:
    """The checks of a cell's record."""
    return list(cell.evidence.checks.items()) if cell.evidence else []


def worst(name: str, result: CheckResult) -> dict[str, Any] | None:
    """The largest error of a check against its bound; None where it has no numbers."""
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


def trajectory(cells: Sequence[Cell]) -> dict[str, Any] | None:
    """Published grade points of one model over the challenges, in order of difficulty."""
    graded = [cell for cell in cells if cell.published and cell.published.letter]
    if len(graded) < 2:
        return None
    height, bottom = 190, 150
    low = min(2.0, *(POINTS[c.letter] for c in graded if c.letter))  # type: ignore[index]
    step = (WIDTH - 80) / max(len(cells) - 1, 1)
    marks = []
    for n, cell in enumerate(cells):
        points = POINTS[cell.letter] if cell.letter else None  # type: ignore[index]
        y = (
            None
            if points is None
            else round(bottom - (points - low) / (4 - low) * (bottom - 24), 1)
        )
        marks.append({"x": round(50 + step * n, 1), "y": y, "cell": cell, "odd": n % 2})
    line = " ".join(f"{m['x']},{m['y']}" for m in marks if m["y"] is not None)
    return {"width": WIDTH, "height": height, "marks": marks, "line": line, "bottom": bottom}
