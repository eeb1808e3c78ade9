"""How verdicts, grades and ranks come about, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import paths, tasks
from generator.render.pages.common import Page, page
from generator.render.site import Site


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
        mutants=mutants,
        strength=strength,
        blind=blind(site),
        meta={"hide": []},
    )


def blind(site: Site) -> dict[str, str]:
    """How many runs and probes a judge has graded blind, of the judge with the most of each."""
    cards = site.results.cards.values()
    runs = [
        part.caught.n + part.cleared.n
        for card in cards
        for part in card.calibrations
        if (part.of, part.arm) == ("runs", "blind")
    ]
    probes = [
        len({(o.kind, o.challenge) for o in card.probes if o.arm == "blind" and o.letter})
        for card in cards
    ]
    return {"runs": so_far(runs), "probes": so_far(probes)}


def so_far(numbers: list[int]) -> str:
    """A remark on the largest of them."""
    return f" ({max(numbers, default=0) or 'none'} so far)"
