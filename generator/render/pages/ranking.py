"""Every grader's ranking by the one rule, with intervals, and the published order beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.data import POINTS, Model, Place, Ranking
from generator.graders import EVIDENCE, PUBLISHED
from generator.render import charts, paths
from generator.render.pages.common import Page, names, page
from generator.render.sheets import ROWS
from generator.render.site import Site


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    found = {grader: r for grader in site.graders if (r := site.ranking(grader))}
    head = ("Ranking", "The order of the models by each grader, with intervals and ties.")
    yield page(
        site,
        "ranking.md.j2",
        paths.RANKING,
        head,
        rankings=[(r, charts.intervals(r, names(site))) for r in found.values()],
        chart=apart(site, found),
        rows=glance(site, found),
        published=published_order(site),
        points=POINTS,
    )


def apart(site: Site, found: Mapping[str, Ranking]) -> dict[str, Any] | None:
    """The mean of the published grades beside that of the grades by evidence, model by model."""
    if PUBLISHED not in found or EVIDENCE not in found:
        return None
    by_tests = {place.model: place.points for place in found[EVIDENCE].places}
    return charts.apart([
        (names(site).get(p.model, p.model), p.points, by_tests.get(p.model), "open")
        for p in found[PUBLISHED].places[:ROWS]
    ])  # fmt: skip


def glance(site: Site, found: Mapping[str, Ranking]) -> list[tuple[Model, str, dict[str, Place]]]:
    """Every model with the rank that was published for it, and its place by each grader."""
    source = site.results.published.grades
    printed = {str(row["model"]): str(row["rank"]) for row in source.ranking} if source else {}
    places = {
        grader: {place.model: place for place in ranking.places}
        for grader, ranking in found.items()
    }
    return [
        (
            model,
            printed.get(model.slug, ""),
            {grader: of[model.slug] for grader, of in places.items() if model.slug in of},
        )
        for model in site.models[:ROWS]
    ]


def published_order(site: Site) -> list[dict[str, object]]:
    """The published table's rows, with what its own matrix gives for each model."""
    source = site.results.published.grades
    ranking = site.ranking(PUBLISHED)
    places = {place.model: place for place in ranking.places} if ranking else {}
    by_points = [place.model for place in ranking.places] if ranking else []
    letters = source.matrix.values() if source else ()
    return [
        row
        | {
            "place": places.get(str(row["model"])),
            "order": by_points.index(str(row["model"])) + 1 if row["model"] in by_points else None,
            "graded": sum(str(row["model"]) in given for given in letters),
        }
        for row in (source.ranking if source else ())
    ]
