"""Rounds of three: who beats both others on each challenge, and the evidence side by side."""

from __future__ import annotations

from collections.abc import Iterator

from generator.data import Round
from generator.render import paths
from generator.render.failures import failing
from generator.render.pages.common import Page, page
from generator.render.pages.duel import differences
from generator.render.site import Site
from generator.render.structure import structure
from generator.words import listed


def pages(site: Site) -> Iterator[Page]:
    """A page per declared round."""
    for held in site.results.rounds:
        names = listed(site.results.corpus.models[m].name for m in held.models)
        yield page(
            site,
            "round.md.j2",
            paths.round_(held.name),
            (names, f"{names} compared three at a time, challenge by challenge."),
            round=held,
            title=names,
            cells={c: [site.cell(m, c) for m in held.models] for c in held.challenges},
            pairs=[pair for pair in site.pairs if {m.slug for m in pair} <= set(held.models)],
            differing={c: differing(site, held, c) for c in held.challenges},
            structure=structure,
            failing=failing,
        )


def differing(site: Site, held: Round, challenge: str) -> tuple[str, ...]:
    """What differs between any two of the three besides the model."""
    first, second, third = held.models
    pairs = ((first, second), (first, third), (second, third))
    return tuple(dict.fromkeys(d for a, b in pairs for d in differences(site, challenge, a, b)))
