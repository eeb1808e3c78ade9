"""A model: its grades by challenge beside the tests, what it does well and badly, its duels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from markupsafe import Markup

from generator.data import POINTS, Grade, Model, Place
from generator.render import analysis, charts, env, moves, panels, paths
from generator.render.pages.claims import concerning
from generator.render.pages.common import WIDE, Page, continued, names, page, ranks
from generator.render.pages.duel import record
from generator.render.sheets import SIDE, Sheet, sheets
from generator.render.site import Site

Panel = Callable[[Site, Model], Markup | None]


def pages(site: Site) -> Iterator[Page]:
    """The index and a page per model."""
    says = "Who is compared here, what was entered, and how much of it the tests pass."
    for sheet in sheets(paths.MODELS, site.models):
        head = (sheet.title("Models"), says)
        yield page(site, "models.md.j2", sheet.here, head, sheet=sheet, meta=WIDE)
    for model in site.models:
        parts = [panel(site, model) for panel in PANELS]
        head = (model.name, f"{model.name}: grades beside what the tests say of each output.")
        yield page(
            site,
            "model.md.j2",
            paths.model(model.slug),
            head,
            model=model,
            places=places(site, model.slug),
            cells=site.column(model.slug),
            sections=[part for part in parts if part],
        )
        index = ("Models", paths.MODELS)
        for sheet in entries(site, model)[1:]:
            yield continued(site, sheet, head, index, table(site, model, sheet))


def entries(site: Site, model: Model) -> list[Sheet]:
    """The cells of all that it entered, in parts."""
    column = [cell for cell in site.column(model.slug) if cell.entered]
    return sheets(paths.model(model.slug), column)


def table(site: Site, model: Model, sheet: Sheet, chart: object = None) -> Markup:
    """One part of the table of grades; the chart goes with the first."""
    return env.fragment(
        "model/grades.md.j2", sheet.here, site=site, model=model, sheet=sheet, chart=chart
    )


def places(site: Site, model: str) -> list[tuple[str, Place]]:
    """A model's place in every grader's ranking."""
    return [
        (grader, place)
        for grader in site.graders
        if (ranking := site.ranking(grader))
        for place in ranking.places
        if place.model == model
    ]


def part(template: str, site: Site, model: Model, **context: object) -> Markup:
    """One section of the page of a model."""
    return env.fragment(
        template,
        paths.model(model.slug),
        site=site,
        model=model,
        cells=[cell for cell in site.column(model.slug) if cell.entered],
        names=names(site),
        ranks=ranks,
        **context,
    )


def grades(site: Site, model: Model) -> Markup | None:
    """Grade and verdict by challenge."""
    chart = charts.apart([
        (cell.challenge.title, worth(cell.published), worth(cell.graded), moves.mark(cell))
        for cell in site.column(model.slug)[:SIDE]
    ])  # fmt: skip
    return table(site, model, entries(site, model)[0], chart)


def worth(grade: Grade | None) -> float | None:
    """What a grade counts in points; None where there is no letter."""
    return POINTS[grade.letter] if grade and grade.letter else None


def profile(site: Site, model: Model) -> Markup | None:
    """What judges wrote about the model."""
    told = site.told("profile", model.slug)
    return part("model/profile.md.j2", site, model, told=told) if told else None


def balance(site: Site, model: Model) -> Markup | None:
    """Strengths and weaknesses by the tests."""
    column = site.column(model.slug)
    good, bad = analysis.strengths(column), analysis.weaknesses(column)
    return part("model/balance.md.j2", site, model, good=good, bad=bad) if good or bad else None


def rounds(site: Site, model: Model) -> Markup | None:
    """The rounds that it was judged in, and how its grades moved."""
    steps = moves.steps(site, model)
    if not steps:
        return None
    moved = [
        (
            cell.challenge.title,
            [(s.name, s.given.get(cell.challenge.slug), s.joined) for s in steps],
        )
        for cell in site.column(model.slug)
        if sum(cell.challenge.slug in step.given for step in steps if step.joined) > 1
    ]
    chart = panels.chart(moved) if moved else None
    return part("model/rounds.md.j2", site, model, steps=steps, chart=chart)


def successions(site: Site, model: Model) -> Markup | None:
    """What became of its grades in its successor, or of its predecessor's in it."""
    found = moves.successions(site, model)
    if not found:
        return None
    return part(
        "model/succession.md.j2",
        site,
        model,
        successions=found,
        change=moves.change,
        duel_path=functools.partial(duel_path, site),
    )


def duel_path(site: Site, one: Model, other: Model) -> str:
    """The page of two models, whichever is named first."""
    return next(
        paths.duel(a.slug, b.slug)
        for a, b in site.rivals[one.slug]
        if other.slug in {a.slug, b.slug}
    )


def duels(site: Site, model: Model) -> Markup | None:
    """The record against each model that it is compared with, by grader."""
    rows = []
    for a, b in site.rivals[model.slug]:
        other = b if a.slug == model.slug else a
        found = {g: record(site, g, model.slug, other.slug) for g in site.graders}
        rows.append((other, paths.duel(a.slug, b.slug), found))
    return part("model/duels.md.j2", site, model, rows=rows) if rows else None


def claims(site: Site, model: Model) -> Markup | None:
    """What was published about it, with outcomes."""
    found = concerning(site, model.slug)
    return part("_claims.html.j2", site, model, outcomes=found) if found else None


PANELS: tuple[Panel, ...] = (
    grades,
    profile,
    balance,
    rounds,
    successions,
    duels,
    claims,
)
