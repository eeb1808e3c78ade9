"""Every cell where the tests and a published grade do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import paths
from generator.render.pages.common import WIDE, Page, page
from generator.render.sheets import sheets
from generator.render.site import Site


def pages(site: Site) -> Iterator[Page]:
    """The page, in as many parts as it takes."""
    head = (
        "Contradictions",
        "Cells where executed evidence and a published grade do not go together.",
    )
    for sheet in sheets(paths.CONTRADICTIONS, site.results.contradictions):
        title = sheet.title(head[0])
        yield page(
            site, "contradictions.md.j2", sheet.here, (title, head[1]), sheet=sheet, meta=WIDE
        )
