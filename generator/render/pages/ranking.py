"""Every grader's ranking by the one rule, with intervals, and the published order beside."""

from __future__ import annotations

from collections.abc import Iterator

from generator.data import POINTS
from generator.render import charts, paths
from generator.render.pages.common import Page, names, page
from generator.render.site import PUBLISHED, Site


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    found = [r for grader in site.graders if (r := site.ranking(grader))]
    head = ("Ranking", "The order of the models by each grader, with intervals and ties.")
    yield page(
        site,
        "ranking.md.j2",
        paths.RANKING,
        head,
        rankings=[(r, charts.intervals(r, names(site))) for r in found],
        published=published_order(site),
        points=POINTS,
    )


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
