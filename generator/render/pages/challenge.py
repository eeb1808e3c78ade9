"""A challenge: who passes and why not, check by check, the traps, and the prompt.

Like the page of a run, it is a list of panels; see pages/run.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from generator.data import Challenge
from generator.render import analysis, charts, env, paths, tasks
from generator.render.cells import Cell
from generator.render.failures import numbers
from generator.render.gpu import baselines, gpu
from generator.render.pages.claims import concerning
from generator.render.pages.common import WIDE, Page, continued, names, page
from generator.render.pages.duel import tally
from generator.render.sheets import ROWS, SIDE, Sheet, sheets
from generator.render.site import Site
from generator.render.verdicts import MARKS, MEANS
from generator.words import listed

Panel = Callable[[Site, Challenge], Markup | None]


def pages(site: Site) -> Iterator[Page]:
    """The index and a page per challenge."""
    says = "The tasks, how hard they are, what is checked, and how many outputs pass."
    for sheet in sheets(paths.CHALLENGES, site.challenges):
        head = (sheet.title("Challenges"), says)
        yield page(site, "challenges.md.j2", sheet.here, head, sheet=sheet, meta=WIDE)
    for challenge in site.challenges:
        parts = [panel(site, challenge) for panel in PANELS]
        head = (challenge.title, challenge.summary)
        yield page(
            site,
            "challenge.md.j2",
            paths.challenge(challenge.slug),
            head,
            challenge=challenge,
            sections=[part for part in parts if part],
        )
        index = ("Challenges", paths.CHALLENGES)
        for sheet in entries(site, challenge)[1:]:
            yield continued(site, sheet, head, index, table(site, challenge, sheet))


def entries(site: Site, challenge: Challenge) -> list[Sheet]:
    """The cells of all that entered, in parts."""
    row = [cell for cell in site.row(challenge.slug) if cell.entered]
    return sheets(paths.challenge(challenge.slug), row)


def table(site: Site, challenge: Challenge, sheet: Sheet) -> Markup:
    """One part of the table of results."""
    return env.fragment(
        "challenge/results.md.j2", sheet.here, site=site, challenge=challenge, sheet=sheet
    )


def part(template: str, site: Site, challenge: Challenge, **context: object) -> Markup:
    """One section of the page of a challenge."""
    here = paths.challenge(challenge.slug)
    row = [cell for cell in site.row(challenge.slug) if cell.entered]
    return env.fragment(
        template, here, site=site, challenge=challenge, cells=row, names=names(site), **context
    )


def results(site: Site, challenge: Challenge) -> Markup | None:
    """Published letters beside verdicts."""
    return table(site, challenge, entries(site, challenge)[0])


def said(site: Site, challenge: Challenge) -> Markup | None:
    """The analysis: what judges wrote, then what named rules compose from the records."""
    remarks = analysis.remarks(site.row(challenge.slug))
    told = site.told("analysis", challenge.slug)
    return part("challenge/analysis.md.j2", site, challenge, remarks=remarks, told=told)


def checks(site: Site, challenge: Challenge) -> Markup | None:
    """Runs by checks."""
    every = [c for c in site.row(challenge.slug) if c.evidence and c.evidence.checks]
    if not every:
        return None
    groups = [
        (name, group, [(n, c) for n, c in challenge.checks.items() if c.group == name])
        for name, group in challenge.groups.items()
    ]
    return part(
        "challenge/checks.md.j2",
        site,
        challenge,
        groups=groups,
        tested=every[:SIDE],
        total=len(every),
        numbers=failure,
        open=blameless(every[:SIDE]),
    )


def blameless(cells: Sequence[Cell]) -> list[str]:
    """The outcomes of checks, among those shown, that count against nobody."""
    shown = {r.verdict for cell in cells if cell.evidence for r in cell.evidence.checks.values()}
    return [verdict for verdict in MEANS if verdict in shown and MARKS[verdict] == "open"]


def failure(cell: Cell, check: str) -> str:
    """The worst numbers of a failed check, or what stopped it."""
    return numbers(cell, check).strip(" ()")


def accuracy(site: Site, challenge: Challenge) -> Markup | None:
    """Error against bound."""
    measured = [cell for cell in site.row(challenge.slug) if cell.evidence]
    chart = charts.accuracy(measured[:SIDE])
    if chart is None:
        return None
    return part("challenge/accuracy.md.j2", site, challenge, chart=chart, total=len(measured))


def roofline(site: Site, challenge: Challenge) -> Markup | None:
    """Speed against the memory's, where outputs were timed."""
    found = [(c, gpu(c.evidence)) for c in site.row(challenge.slug) if c.evidence]
    outputs = [(cell.model.name, item.timings) for cell, item in found if item][:SIDE]
    beside = baselines(site.results.rooflines.get(challenge.slug, {}))
    chart = charts.roofline([*beside, *outputs])
    return part("challenge/roofline.md.j2", site, challenge, chart=chart) if chart else None


def duelled(site: Site, challenge: Challenge) -> Markup | None:
    """The duels of the challenge together, and where each is."""
    rounds = [(g, counts) for g in site.graders if (counts := tally(site, g, challenge.slug))]
    entered = {cell.model.slug for cell in site.row(challenge.slug) if cell.entered}
    pairs = [
        (a.name, b.name, paths.duel(a.slug, b.slug))
        for a, b in site.pairs
        if {a.slug, b.slug} <= entered
    ]
    if not rounds or not pairs:
        return None
    trios = [
        (listed(names(site)[model] for model in held.models), paths.round_(held.name))
        for held in site.results.rounds
        if challenge.slug in held.challenges
    ]
    return part("challenge/round.md.j2", site, challenge, rounds=rounds, pairs=pairs, trios=trios)


def side_by_side(site: Site, challenge: Challenge) -> Markup | None:
    """The source of any two outputs, next to each other."""
    every = [c for c in site.row(challenge.slug) if c.run and c.run.artifacts]
    if not every:
        return None
    return part("challenge/compare.md.j2", site, challenge, stored=every[:ROWS], total=len(every))


def traps(site: Site, challenge: Challenge) -> Markup | None:
    """The mistakes that the checks are built to catch."""
    by_check: dict[str, list[tasks.Mutant]] = {}
    for mutant in tasks.mutants(site.results.corpus.root, challenge.slug):
        by_check.setdefault(mutant.check, []).append(mutant)
    return part("challenge/traps.md.j2", site, challenge, by_check=by_check)


def claims(site: Site, challenge: Challenge) -> Markup | None:
    """What was published about it, with outcomes."""
    found = concerning(site, challenge.slug)
    return part("_claims.html.j2", site, challenge, outcomes=found) if found else None


def prompt(site: Site, challenge: Challenge) -> Markup | None:
    """What a model is given."""
    text = tasks.prompt(site.results.corpus.root, challenge.slug)
    body = Markup(text)  # noqa: S704 - ours, from challenges/
    return part("challenge/prompt.md.j2", site, challenge, prompt=body) if text else None


PANELS: tuple[Panel, ...] = (
    results,
    said,
    duelled,
    checks,
    accuracy,
    roofline,
    side_by_side,
    traps,
    claims,
    prompt,
)
