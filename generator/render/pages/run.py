"""A run: verdict first, then every check with its numbers, then how it was made and is repeated.

The page is a list of panels. A panel is a function of (site, cell) that returns markup for its
section, or None where there is nothing to say; an entry in PANELS is all it takes to add one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from generator.data import CaseResult, Check, CheckResult, Finding, Group, Verdict
from generator.render import env, paths
from generator.render.cells import Cell
from generator.render.gpu import gpu
from generator.render.listing import listings
from generator.render.pages.common import Page, names, page
from generator.render.pages.session import facts, replay_counts
from generator.render.site import Site
from generator.render.verdicts import SENTENCES
from generator.worst import worst

SHOWN_CASES = 3
SHOWN = 200  # of what an output has as many of as it likes
Panel = Callable[[Site, Cell], Markup | None]


@dataclass(frozen=True)
class Row:
    """One check of a run: its numbers at their worst, and the cases that failed."""

    name: str
    check: Check
    result: CheckResult
    worst: Finding | None
    failing: tuple[CaseResult, ...]
    more: int
    notes: tuple[str, ...]


def pages(site: Site) -> Iterator[Page]:
    """A page per run."""
    for cell in site.runs():
        here = paths.run(cell.model.slug, cell.challenge.slug)
        parts = [panel(site, cell) for panel in PANELS]
        yield page(
            site,
            "run.md.j2",
            here,
            (f"{cell.model.name} on {cell.challenge.title}", cell.reason),
            cell=cell,
            SENTENCES=SENTENCES,
            sections=[part for part in parts if part],
        )


def part(template: str, site: Site, cell: Cell, **context: object) -> Markup:
    """One section of the page of a run."""
    here = paths.run(cell.model.slug, cell.challenge.slug)
    return env.fragment(template, here, site=site, cell=cell, names=names(site), **context)


def checks(site: Site, cell: Cell) -> Markup | None:
    """Every check, by group."""
    if cell.evidence is None or not cell.evidence.checks:
        return None
    return part("run/checks.md.j2", site, cell, groups=by_group(cell))


def by_group(cell: Cell) -> list[tuple[str, Group, list[Row]]]:
    """The rows of a run's checks under their groups, in challenge.yaml's order.

    A check that the challenge no longer has (its record is stale) is left out.
    """
    assert cell.evidence is not None
    known = cell.challenge.checks
    rows = [row(n, known[n], r) for n, r in cell.evidence.checks.items() if n in known]
    grouped = [
        (name, group, [r for r in rows if r.check.group == name])
        for name, group in cell.challenge.groups.items()
    ]
    return [item for item in grouped if item[2]]


def row(name: str, check: Check, result: CheckResult) -> Row:
    """One check as the table shows it."""
    failing = [case for case in result.cases if case.verdict.failed]
    return Row(
        name=name,
        check=check,
        result=result,
        worst=worst(result),
        failing=tuple(failing[:SHOWN_CASES]),
        more=len(failing) - min(len(failing), SHOWN_CASES),
        notes=untested(result),
    )


def untested(result: CheckResult) -> tuple[str, ...]:
    """Why cases could not be tested, each reason once."""
    cases = [case for case in result.cases if case.verdict is Verdict.NOT_TESTABLE]
    said = [case.note or "; ".join(f.detail for f in case.findings if f.detail) for case in cases]
    return tuple(dict.fromkeys(note for note in said if note))[:SHOWN_CASES]


def grades(site: Site, cell: Cell) -> Markup | None:
    """Every grader's grade of the run, with its dimensions."""
    found = [g for grader in site.graders if (g := site.grade(grader, cell.key))]
    places = functools.partial(place, cell)
    return part("run/grades.md.j2", site, cell, grades=found, places=places) if found else None


def place(cell: Cell, where: str) -> tuple[str, str] | None:
    """The page and anchor of a quote's `file:line` or check, None where there is no such place."""
    if cell.evidence and where in cell.evidence.checks:
        return paths.run(cell.model.slug, cell.challenge.slug), f"check-{env.anchor(where)}"
    file, _, line = where.rpartition(":")
    found = [item for item in listings(cell.run) if item.artifact.path == file] if cell.run else []
    if not found or not line.isdecimal() or not 0 < int(line) <= found[0].lines:
        return None
    return paths.source(cell.model.slug, cell.challenge.slug), found[0].anchor(int(line))


def on_gpu(site: Site, cell: Cell) -> Markup | None:
    """Compiler, repairs, sanitizers and timings of a CUDA run."""
    found = gpu(cell.evidence) if cell.evidence else None
    return part("run/gpu.md.j2", site, cell, gpu=found) if found else None


def own_tests(site: Site, cell: Cell) -> Markup | None:
    """The author's own tests, run as evidence of their own."""
    if cell.evidence is None or not cell.evidence.own_tests:
        return None
    shown, more = cell.evidence.own_tests[:SHOWN], len(cell.evidence.own_tests) - SHOWN
    return part("run/own_tests.md.j2", site, cell, shown=shown, more=more)


def binding(site: Site, cell: Cell) -> Markup | None:
    """How the entry points were found."""
    if cell.evidence is None or not cell.evidence.binding.steps:
        return None
    shown, more = cell.evidence.binding.steps[:SHOWN], len(cell.evidence.binding.steps) - SHOWN
    return part("run/binding.md.j2", site, cell, shown=shown, more=more)


def flags(site: Site, cell: Cell) -> Markup | None:
    """What a reader of the source should know, with links to the lines."""
    if cell.evidence is None or not cell.evidence.flags:
        return None
    shown, more = cell.evidence.flags[:SHOWN], len(cell.evidence.flags) - SHOWN
    places = functools.partial(place, cell)
    return part("run/flags.md.j2", site, cell, flags=shown, more=more, places=places)


def measured(site: Site, cell: Cell) -> Markup | None:
    """Figures measured on the original output, which the stand-in never answers for."""
    found = site.results.published.measured
    if cell.measured is None or found is None:
        return None
    return part("run/measured.md.j2", site, cell, about=found)


def session(site: Site, cell: Cell) -> Markup | None:
    """What the run's session log says of how it was made."""
    found = site.results.sessions.get(cell.key)
    if found is None:
        return None
    told = replay_counts(site.results.replays.get(cell.key, ()))
    return part("run/session.md.j2", site, cell, facts=facts(found), told=told)


def files(site: Site, cell: Cell) -> Markup | None:
    """The stored files."""
    if cell.run is None:
        return None
    return part("run/files.md.j2", site, cell, listings=listings(cell.run))


def provenance(site: Site, cell: Cell) -> Markup | None:
    """What the record was made from, by what, and how to make it again."""
    return part("run/provenance.md.j2", site, cell)


PANELS: tuple[Panel, ...] = (
    checks,
    on_gpu,
    measured,
    grades,
    own_tests,
    binding,
    flags,
    session,
    files,
    provenance,
)
