"""What is known of the judges: the card of each that saw the evidence, and the earlier scores."""

from __future__ import annotations

from collections.abc import Iterator

from generator.data import JudgeCard, Planted, ProbeOutcome, Score, Share
from generator.render import paths
from generator.render.pages.common import Page, page
from generator.render.site import Site

MEASURES: tuple[tuple[str, str], ...] = (
    ("exact", "Repeats of one request with the same letter"),
    ("order", "Pairs with the same winner in both orders"),
    ("first", "Of the others, won by whichever was shown first"),
    ("inversions", "Pairs in which the worse verdict has the better correctness"),
    ("quotes", "Quotes found where the judge said they are"),
    ("sourced", "Paragraphs of its texts in which every number has a source"),
)


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    cards = [card for _, card in sorted(site.results.cards.items())]
    head = ("Judges", "How reliable each judge was, computed from its own records.")
    yield page(
        site,
        "judge.md.j2",
        paths.JUDGE,
        head,
        cards=[(card, rows(card), probes(card)) for card in cards],
        scores=scores(site),
        kinds=kinds(site),
        planted_in=planted_in(site),
    )


def rows(card: JudgeCard) -> list[tuple[str, Share]]:
    """The shares of a card, each with what it is a share of."""
    return [(says, getattr(card, name)) for name, says in MEASURES]


def kinds(site: Site) -> dict[str, list[Planted]]:
    """The planted probes by kind."""
    found: dict[str, list[Planted]] = {}
    for probe in site.results.probes:
        found.setdefault(probe.kind, []).append(probe)
    return found


def planted_in(site: Site) -> list[str]:
    """The titles of the challenges that probes are planted in."""
    slugs = dict.fromkeys(probe.challenge for probe in site.results.probes)
    return [site.results.corpus.challenges[slug].title for slug in slugs]


def probes(card: JudgeCard) -> list[tuple[ProbeOutcome, ProbeOutcome]]:
    """Every expectation of every probe, blind and with the evidence."""
    blind = [outcome for outcome in card.probes if outcome.arm == "blind"]
    shown = [outcome for outcome in card.probes if outcome.arm == "with evidence"]
    return list(zip(blind, shown, strict=True))


def scores(site: Site) -> list[tuple[str, str, list[Score]]]:
    """The earlier scores by model and challenge, by round; one output scored twice has two."""
    found: dict[tuple[str, str], list[Score]] = {}
    source = site.results.published.scores
    for score in source.scores if source else ():
        found.setdefault((score.model, score.challenge), []).append(score)
    return [(m, c, sorted(s, key=lambda x: x.round)) for (m, c), s in sorted(found.items())]
