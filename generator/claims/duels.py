"""Checks on published head-to-heads: records and leads against their own rows."""

from __future__ import annotations

from collections import Counter

from generator.claims.matrix import letters
from generator.claims.registry import Result, called, check, holds, needed
from generator.data import POINTS, Published, PublishedPair


def pair(published: Published, a: str, b: str) -> PublishedPair:
    """The published duels of two models; raises LookupError where there are none."""
    for found in needed(published.duels, "duels.yaml").pairs:
        if {found.a, found.b} == {a, b}:
            return found
    raise LookupError(f"duels.yaml has no duels of {a} and {b}")


@check
def duel_record(published: Published, a: str, b: str, wins: int, losses: int, ties: int) -> Result:
    """A printed record (wins of a, wins of b, ties) against its own rows."""
    counts = Counter(duel.winner for duel in pair(published, a, b).challenges.values())
    found = (counts[a], counts[b], counts[None])
    text = "its rows give {} to {} with {} ties or splits".format(*found)
    return holds(found == (wins, losses, ties), f"{text}; the claim says {wins}-{losses}-{ties}")


@check
def leads(published: Published, a: str, b: str) -> Result:
    """Whether a wins more of the published duels than b."""
    counts = Counter(duel.winner for duel in pair(published, a, b).challenges.values())
    return holds(counts[a] > counts[b], f"its rows give {counts[a]} to {counts[b]}")


@check
def duel_agrees_with_grades(published: Published, a: str, b: str, challenge: str) -> Result:
    """Whether a published duel's winner also has the better published grade."""
    winner = pair(published, a, b).challenges[challenge].winner
    graded = {m: letters(published, m)[challenge] for m in (a, b)}
    difference = POINTS[graded[a]] - POINTS[graded[b]]
    better = None if difference == 0 else (a if difference > 0 else b)
    letters_of = ", ".join(f"{graded[m]} for {called(published, m)}" for m in (a, b))
    text = f"{letters_of}; published winner: {called(published, winner) if winner else 'tie'}"
    return holds(better == winner, text)
