"""What is known of the judges: the card of each that saw the evidence, and the earlier scores."""

from __future__ import annotations

from collections.abc import Iterator

from generator.data import JudgeCard, Score, Share
from generator.render import paths
from generator.render.pages.common import Page, page
from generator.render.site import Site

MEASURES: tuple[tuple[str, str], ...] = (
    ("exact", "Repeats of one request with the same letter"),
    ("order", "Pairs with the same winner in both orders"),
    ("first", "Of the others, won by whichever was shown first"),
    ("caught", "Failing runs whose blind correctness letter is below A-"),
    ("cleared", "Passing runs whose blind correctness letter is A- or better"),
    ("false_a", "Failing runs with a blind A- or better"),
    ("inversions", "Pairs in which the worse verdict has the better correctness"),
    ("quotes", "Quotes found where the judge said they are"),
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
        cards=[(card, rows(card)) for card in cards],
        scores=scores(site),
    )


def rows(card: JudgeCard) -> list[tuple[str, Share]]:
    """The shares of a card, each with what it is a share of."""
    return [(says, getattr(card, name)) for name, says in MEASURES]


def scores(site: Site) -> list[tuple[str, str, list[Score]]]:
    """The earlier scores by model and challenge, by round; one output scored twice has two."""
    found: dict[tuple[str, str], list[Score]] = {}
    source = site.results.published.scores
    for score in source.scores if source else ():
        found.setdefault((score.model, score.challenge), []).append(score)
    return [(m, c, sorted(s, key=lambda x: x.round)) for (m, c), s in sorted(found.items())]
