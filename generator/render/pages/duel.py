"""Two models head to head: each shared challenge, the record, and how their outputs are built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.data import Challenge, Duel, Model, PublishedDuel, PublishedPair
from generator.pairs import NEAREST
from generator.render import paths
from generator.render.cells import Cell
from generator.render.failures import failing
from generator.render.pages.common import Page, page
from generator.render.site import Site
from generator.render.structure import structure

Records = dict[tuple[str, str], dict[str, tuple[int, int, int]]]


@dataclass(frozen=True)
class Bout:
    """One challenge of a pair: the two cells, and every grader's duel."""

    challenge: Challenge
    a: Cell
    b: Cell
    duels: dict[str, Duel]
    published: PublishedDuel | None = None
    differences: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether both entered."""
        return self.a.entered and self.b.entered


def pages(site: Site) -> Iterator[Page]:
    """The index and a page per pair."""
    head = (
        "Head to head",
        "Any two models, challenge by challenge, with the tests beside the grades.",
    )
    records: Records = {
        (a.slug, b.slug): {g: record(site, g, a.slug, b.slug) for g in site.graders}
        for a, b in site.pairs
    }
    yield page(
        site,
        "duels.md.j2",
        paths.DUELS,
        head,
        records=records,
        nearest=NEAREST,
        fighters={grader: fighters(site, records, grader) for grader in site.graders},
    )
    for a, b in site.pairs:
        yield pair(site, a, b)


def fighters(site: Site, records: Records, grader: str) -> list[Model]:
    """The models that one grader compared with any other."""
    found = {slug for pair, by in records.items() if any(by[grader]) for slug in pair}
    return [model for model in site.models if model.slug in found]


def pair(site: Site, a: Model, b: Model) -> Page:
    """The page of one pair."""
    bouts = [bout(site, challenge, a, b) for challenge in site.challenges]
    return page(
        site,
        "duel.md.j2",
        paths.duel(a.slug, b.slug),
        (f"{a.name} against {b.name}", f"{a.name} and {b.name}, challenge by challenge."),
        a=a,
        b=b,
        bouts=[b_ for b_ in bouts if b_.shared],
        alone=[b_ for b_ in bouts if not b_.shared and (b_.a.entered or b_.b.entered)],
        records={g: record(site, g, a.slug, b.slug) for g in site.graders},
        structure=structure,
        failing=failing,
        judges=site.results.cards.keys(),
        published=published(site, a.slug, b.slug),
    )


def bout(site: Site, challenge: Challenge, a: Model, b: Model) -> Bout:
    """One challenge of a pair."""
    found = {
        grader: duel
        for grader in site.graders
        if (duel := site.duels(grader, a.slug, b.slug).get(challenge.slug))
    }
    cells = site.cell(a.slug, challenge.slug), site.cell(b.slug, challenge.slug)
    pair = published(site, a.slug, b.slug)
    printed = pair.challenges.get(challenge.slug) if pair else None
    return Bout(
        challenge, *cells, found, printed, differences(site, challenge.slug, a.slug, b.slug)
    )


def published(site: Site, a: str, b: str) -> PublishedPair | None:
    """What was published of two models, whichever was named first."""
    found = site.results.published.duels
    pairs = [pair for pair in found.pairs if {pair.a, pair.b} == {a, b}] if found else []
    return pairs[0] if pairs else None


def differences(site: Site, challenge: str, a: str, b: str) -> tuple[str, ...]:
    """What differs between two runs besides the model."""
    found = site.results.differences
    return found.get(f"{challenge}/{a}--{b}") or found.get(f"{challenge}/{b}--{a}") or ()


def record(site: Site, grader: str, a: str, b: str) -> tuple[int, int, int]:
    """Wins of a, wins of b and ties, by one grader."""
    winners = [duel.winner for duel in site.duels(grader, a, b).values()]
    return winners.count(a), winners.count(b), winners.count(None)


def tally(site: Site, grader: str, challenge: str) -> dict[str, tuple[int, int, int]]:
    """Won, lost and tied by each model in the duels of one challenge."""
    counts: dict[str, list[int]] = {}
    for duel in site.fought(grader, challenge):
        for own, other in ((duel.a, duel.b), (duel.b, duel.a)):
            place = {own: 0, other: 1, None: 2}[duel.winner]
            counts.setdefault(own, [0, 0, 0])[place] += 1
    return {model: (won, lost, tied) for model, (won, lost, tied) in counts.items()}
