"""Every grader's letter on every run beside the others', and how far graders agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.data import POINTS, Agreement, Grade
from generator.graders import EVIDENCE, PUBLISHED, SCORES, is_blind
from generator.letters import steps
from generator.render import paths
from generator.render.cells import Cell
from generator.render.pages.common import Page, page
from generator.render.sheets import sheets
from generator.render.site import Site

OLD = (PUBLISHED, SCORES, EVIDENCE)


@dataclass(frozen=True)
class Row:
    """One run: each grader's grade, in order, and how far the letters lie apart.

    best, worst: who gave the best and the worst letter. steps: between these, None where fewer
    than two gave a letter.
    """

    cell: Cell
    grades: list[Grade | None]
    steps: int | None
    best: tuple[str, ...] = ()
    worst: tuple[str, ...] = ()


def pages(site: Site) -> Iterator[Page]:
    """The page, in as many parts as it takes."""
    head = ("Judges compared", "Every grader's letter on every run, and how far they agree.")
    found = [row(site, cell) for cell in site.cells.values()]
    rows = [r for r in found if any(r.grades)]
    rows.sort(key=lambda r: -1 if r.steps is None else r.steps, reverse=True)
    for sheet in sheets(paths.COMPARED, rows):
        yield page(
            site,
            "compared.md.j2",
            sheet.here,
            (sheet.title(head[0]), head[1]),
            graders=graders(site),
            sheet=sheet,
            total=len(rows),
            agreement=agreement(site),
            scores=scores(site),
            POINTS=POINTS,
            SCORES=SCORES,
            NAMES={name: name.capitalize() for name in OLD},
            blind=any(map(is_blind, site.graders)),
        )


def graders(site: Site) -> list[str]:
    """The graders: the published one, its predecessor, the evidence, then every judge by name."""
    return sorted(site.graders, key=lambda g: (OLD.index(g) if g in OLD else len(OLD), g))


def row(site: Site, cell: Cell) -> Row:
    """One run as every grader sees it. What a judge said blind is shown and not counted."""
    named = {grader: site.grade(grader, cell.key) for grader in graders(site)}
    counted = {
        grader: grade.letter
        for grader, grade in named.items()
        if grade and grade.letter and not is_blind(grader)
    }
    if len(counted) < 2:
        return Row(cell, list(named.values()), None)
    best, worst = (pick(counted.values(), key=POINTS.__getitem__) for pick in (max, min))
    ends = [tuple(g for g, x in counted.items() if POINTS[x] == POINTS[y]) for y in (best, worst)]
    return Row(cell, list(named.values()), steps(best, worst), *ends)


def scores(site: Site) -> dict[str, str]:
    """The earlier published scores as they were recorded, by `model/challenge`."""
    found: dict[str, list[str]] = {}
    source = site.results.published.scores
    for score in sorted(source.scores, key=lambda s: s.round) if source else ():
        found.setdefault(score.key, []).append(str(score.score))
    return {key: ", ".join(listed) for key, listed in found.items()}


def agreement(site: Site) -> dict[tuple[str, str], Agreement]:
    """The agreement of every two graders, under both orders."""
    found = {(x.a, x.b): x for x in site.results.agreements}
    return found | {(b, a): x for (a, b), x in found.items()}
