"""The ledger of published claims: what was said, what became of it, and the numbers that decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from generator.data import Outcome
from generator.render import paths
from generator.render.pages.common import WIDE, Page, page
from generator.render.site import Site

ORDER = ("contradicted", "unverifiable", "supported")


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    found = sorted(site.results.outcomes, key=lambda o: ORDER.index(o.outcome))
    head = ("Claims", "Published sentences about these outputs, each checked against records.")
    counts = Counter(str(outcome.outcome) for outcome in found)
    tally = [(str(counts[name]), name, "") for name in ORDER]
    yield page(
        site,
        "claims.md.j2",
        paths.CLAIMS,
        head,
        outcomes=found,
        tally=tally,
        about=about(site),
        meta=WIDE,
    )


def about(site: Site) -> dict[str, str]:
    """The page of every model and challenge, by slug."""
    models = {model.slug: paths.model(model.slug) for model in site.models}
    return models | {c.slug: paths.challenge(c.slug) for c in site.challenges}


def concerning(site: Site, slug: str) -> Sequence[Outcome]:
    """The outcomes of the claims that concern a model or a challenge."""
    return [outcome for outcome in site.results.outcomes if slug in outcome.claim.concerns]
