"""Every cell where the tests and a published grade do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import paths
from generator.render.pages.common import Page, page
from generator.render.site import Site


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    head = (
        "Contradictions",
        "Cells where executed evidence and a published grade do not go together.",
    )
    yield page(site, "contradictions.md.j2", paths.CONTRADICTIONS, head)
