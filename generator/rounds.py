"""Rounds of three, composed from duels by one rule, whoever decided the duels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from generator.data import (
    Corpus,
    Decided,
    DeclaredRound,
    Duel,
    PublishedDuel,
    PublishedDuels,
    Round,
    Rounds,
    Settled,
    Size,
    Tally,
    Trio,
)

PRINTED = "duels as published"
SIZES: tuple[Size, ...] = ("", "not stated", "tie", "narrow", "moderate", "decisive")


class Meeting(NamedTuple):
    """A duel of two models without its reasons."""

    winner: str | None
    margin: Size


Met = Mapping[frozenset[str], Meeting]
Row = tuple[str, str, str, str, Duel | PublishedDuel]
Sources = Mapping[str, Mapping[str, Met]]


def meetings(duels: Mapping[str, Iterable[Duel]], published: PublishedDuels | None) -> Sources:
    """Who beat whom by how much: by source (a grader, or PRINTED), challenge and pair."""
    found: dict[str, dict[str, dict[frozenset[str], Meeting]]] = {}
    printed: list[Row] = [
        (PRINTED, challenge, pair.a, pair.b, duel)
        for pair in (published.pairs if published else ())
        for challenge, duel in pair.challenges.items()
    ]
    fought: list[Row] = [
        (name, d.challenge, d.a, d.b, d) for name, own in duels.items() for d in own
    ]
    for source, challenge, a, b, duel in (*printed, *fought):
        met = found.setdefault(source, {}).setdefault(challenge, {})
        met[frozenset((a, b))] = Meeting(duel.winner, duel.margin)
    return found


def rounds(corpus: Corpus, declared: Rounds, sources: Sources) -> tuple[list[Round], list[str]]:
    """Every declared round whose models and challenges are here, and why others are not."""
    made, problems = [], []
    for name, entry in declared.rounds.items():
        if wrong := refused(corpus, entry):
            problems.append(f"rounds.yaml: rounds.{name}: {wrong}")
        else:
            made.append(held(corpus, name, entry, sources))
    return made, problems


def refused(corpus: Corpus, entry: DeclaredRound) -> str:
    """Why a round cannot be composed; empty where it can."""
    absent = [m for m in entry.models if m not in corpus.models]
    absent += [c for c in entry.challenges if c not in corpus.challenges]
    if absent:
        return f"nothing here is named {absent[0]}"
    return "" if len(set(entry.models)) == 3 else "names one model twice"


def held(corpus: Corpus, name: str, entry: DeclaredRound, sources: Sources) -> Round:
    """One round, by every source that has all three duels of some challenge."""
    wanted = entry.challenges or tuple(corpus.challenges)
    decided = [decide(source, met, entry.models, wanted) for source, met in sources.items()]
    settled = {challenge for found in decided for challenge in found.challenges}
    stored = {c for c in wanted if all(f"{m}/{c}" in corpus.runs for m in entry.models)}
    return Round(
        name=name,
        models=entry.models,
        challenges=tuple(c for c in wanted if c in settled | stored),
        why=entry.why,
        decided=tuple(found for found in decided if found.challenges),
    )


def between(met: Met, models: Trio) -> Met:
    """The duels of the three, empty unless every two of them met."""
    pairs = [frozenset(pair) for pair in combinations(models, 2)]
    return {pair: met[pair] for pair in pairs} if all(pair in met for pair in pairs) else {}


def decide(source: str, met: Mapping[str, Met], models: Trio, challenges: Iterable[str]) -> Decided:
    """A round by one source: each challenge, the counts, and who is ahead over all."""
    duels = {c: found for c in challenges if (found := between(met.get(c, {}), models))}
    settled = {challenge: settle(found, models) for challenge, found in duels.items()}
    return Decided(
        source=source,
        challenges=settled,
        tallies={model: tally(model, duels, settled) for model in models},
        overall=settle(records(duels.values(), models), models),
    )


def settle(met: Met, models: Trio) -> Settled:
    """One who beats both others wins, by the smaller margin; else those that nobody beat lead.

    Where everybody is beaten, three duels can only be a cycle.
    """
    own = {m: [met[frozenset((m, other))] for other in models if other != m] for m in models}
    for model, duels in own.items():
        if all(duel.winner == model for duel in duels):
            margin = min((duel.margin for duel in duels), key=SIZES.index)
            return Settled(winner=model, margin=margin)
    leaders = tuple(m for m, duels in own.items() if all(d.winner in {m, None} for d in duels))
    if leaders:
        return Settled(leaders=leaders)
    first, second, third = models
    forward = met[frozenset((first, second))].winner == first
    return Settled(cycle=(first, second, third) if forward else (first, third, second))


def records(duels: Iterable[Met], models: Trio) -> dict[frozenset[str], Meeting]:
    """For every two models, who won more of their duels; without a margin."""
    fought = list(duels)
    found = {}
    for a, b in combinations(models, 2):
        winners = [met[frozenset((a, b))].winner for met in fought]
        ahead = winners.count(a) - winners.count(b)
        found[frozenset((a, b))] = Meeting((a if ahead > 0 else b) if ahead else None, "")
    return found


def tally(model: str, duels: Mapping[str, Met], settled: Mapping[str, Settled]) -> Tally:
    """What one model won, lost and tied."""
    own = [d.winner for met in duels.values() for pair, d in met.items() if model in pair]
    tied = own.count(None)
    return Tally(
        challenges=sum(found.winner == model for found in settled.values()),
        won=own.count(model),
        lost=len(own) - own.count(model) - tied,
        tied=tied,
    )
