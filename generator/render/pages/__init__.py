"""One module per kind of page; each has `pages(site)`, which yields every page of that kind."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render.pages import (
    challenge,
    claims,
    compared,
    contradictions,
    data,
    duel,
    feed,
    home,
    judge,
    look,
    methodology,
    model,
    ranking,
    rounds,
    run,
    session,
    source,
)
from generator.render.pages.common import Page
from generator.render.site import Site

KINDS = (
    home,
    methodology,
    ranking,
    challenge,
    model,
    run,
    source,
    session,
    duel,
    rounds,
    feed,
    contradictions,
    claims,
    judge,
    compared,
    data,
    look,
)


def all_pages(site: Site) -> Iterator[Page]:
    """Every generated page, in a fixed order."""
    for kind in KINDS:
        yield from kind.pages(site)
