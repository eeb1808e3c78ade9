"""How verdicts, grades and ranks come about, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import paths, tasks
from generator.render.pages.common import Page, page
from generator.render.site import Site
from generator.render.verdicts import MEANS


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    root = site.results.corpus.root
    mutants = {c.slug: len(tasks.mutants(root, c.slug)) for c in site.challenges}
    strength = {row.challenge: row for row in site.results.strength}
    head = (
        "Methodology",
        "How outputs are run, judged, graded and ranked here, and the limits of each.",
    )
    yield page(
        site,
        "methodology.md.j2",
        paths.METHODOLOGY,
        head,
        MEANS=MEANS,
        mutants=mutants,
        strength=strength,
    )
