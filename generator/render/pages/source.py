"""The files of a run as listings with an anchor on every line; left out of the search index."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import paths
from generator.render.listing import listings
from generator.render.pages.common import Page, page
from generator.render.site import Site


def pages(site: Site) -> Iterator[Page]:
    """A page per run that has files."""
    for cell in site.runs():
        if cell.run is None or not cell.run.artifacts:
            continue
        yield page(
            site,
            "source.md.j2",
            paths.source(cell.model.slug, cell.challenge.slug),
            (
                f"Source of {cell.model.name} on {cell.challenge.title}",
                f"The stored files of {cell.key} ({cell.provenance}), as they are.",
            ),
            cell=cell,
            listings=listings(cell.run),
            redacted={
                artifact.path: site.results.redacted.get(f"{cell.key}/{artifact.path}", {})
                for artifact in cell.run.artifacts
            },
            meta={"search": {"exclude": True}, "hide": ["navigation", "toc"]},
        )
