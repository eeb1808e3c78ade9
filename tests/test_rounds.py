"""Rounds of three: the rule that composes them, and what is refused."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

from generator.data import (
    Corpus,
    DeclaredRound,
    Duel,
    Margin,
    Model,
    PublishedDuel,
    PublishedDuels,
    PublishedPair,
    Rounds,
    Settled,
)
from generator.rounds import PRINTED, Meeting, meetings, rounds, settle
from tests.render.samples import challenge

TRIO = ("a", "b", "c")
NAMED = DeclaredRound(models=TRIO, why="three at once")
ONE = Rounds(rounds={"r": NAMED})
CORPUS = Corpus(
    root=Path(),
    challenges={slug: challenge(slug) for slug in ("one", "two")},
    models={slug: Model(slug=slug, name=slug) for slug in (*TRIO, "d")},
    runs={},
)


def duel(on: str, pair: str, winner: str | None, margin: Margin = "narrow") -> Duel:
    """A duel by a judge."""
    return Duel(grader="judge", challenge=on, a=pair[0], b=pair[1], winner=winner, margin=margin)


def met(ab: str | None, ac: str | None, bc: str | None) -> Settled:
    """What three duels with these winners come to."""
    found = zip(("ab", "ac", "bc"), (ab, ac, bc), strict=True)
    return settle({frozenset(pair): Meeting(winner, "narrow") for pair, winner in found}, TRIO)


def test_who_beats_both_others_wins_by_the_smaller_margin() -> None:
    """The loser's own duel does not matter, and a margin that was not stated is the smallest."""
    duels = [duel("one", "ab", "b", "decisive"), duel("one", "bc", "b", "moderate")]
    pairs = {frozenset((d.a, d.b)): Meeting(d.winner, d.margin) for d in duels}
    for other in ("a", "c", None):
        all_three = pairs | {frozenset("ac"): Meeting(other, "decisive")}
        assert settle(all_three, TRIO) == Settled(winner="b", margin="moderate")
    unstated = {
        frozenset("ab"): Meeting("b", "not stated"),
        frozenset("ac"): Meeting("a", "narrow"),
    }
    assert settle(pairs | unstated, TRIO).margin == "not stated"


def test_where_nobody_beats_both_the_unbeaten_are_named() -> None:
    """Two that tied each other, one that tied and won, or all three."""
    assert met(None, "a", "b").leaders == ("a", "b")
    assert met("a", None, "b").leaders == ("a",)
    assert met(None, None, None).leaders == TRIO


def test_three_that_each_beat_the_next_are_a_cycle() -> None:
    """In the order in which they beat each other, whichever way round."""
    assert met("a", "c", "b").cycle == ("a", "b", "c")
    assert met("b", "a", "c").cycle == ("a", "c", "b")


def test_every_outcome_is_of_one_kind() -> None:
    """Over all 27 outcomes of three duels there is a winner, or leaders, or a cycle."""
    counts = [0, 0, 0]
    for ab in ("a", "b", None):
        for ac in ("a", "c", None):
            for bc in ("b", "c", None):
                found = met(ab, ac, bc)
                kinds = (found.winner is not None, bool(found.leaders), bool(found.cycle))
                assert sum(kinds) == 1
                counts[kinds.index(True)] += 1
    assert counts == [9, 16, 2]


def test_the_order_in_which_models_are_named_changes_nothing() -> None:
    """Winner, and the set of the unbeaten, are the same for every order of the three."""
    pairs = {
        frozenset(p): Meeting(w, "narrow") for p, w in (("ab", "a"), ("ac", None), ("bc", "b"))
    }
    assert {settle(pairs, (x, y, z)).leaders for x, y, z in permutations(TRIO)} == {("a",)}


def test_counts_are_of_the_three_alone() -> None:
    """Duels against a fourth are no part of a round; a challenge that lacks one is left out."""
    fought = [duel("one", pair, pair[0]) for pair in ("ab", "ac", "bc", "ad", "bd")]
    fought += [duel("two", "ab", "b"), duel("two", "ac", "a")]
    (made,), problems = rounds(
        CORPUS, Rounds(rounds={"r": NAMED}), meetings({"judge": fought}, None)
    )
    assert problems == [] and made.challenges == ("one",)
    by = made.decided[0]
    first, last = by.tallies["a"], by.tallies["c"]
    assert (first.challenges, first.won, first.lost, first.tied) == (1, 2, 0, 0)
    assert (last.won, last.lost) == (0, 2)
    assert by.overall == Settled(winner="a")


def test_over_all_a_model_beats_another_that_wins_fewer_of_their_duels() -> None:
    """One win each is even, so nobody wins the round that a leads by challenges."""
    fought = [duel("one", "ab", "a"), duel("one", "ac", "a"), duel("one", "bc", None, "tie")]
    fought += [duel("two", "ab", "b"), duel("two", "ac", None, "tie"), duel("two", "bc", "b")]
    (made,), _ = rounds(CORPUS, ONE, meetings({"judge": fought}, None))
    assert made.decided[0].overall == Settled(leaders=("a", "b"))


def test_printed_duels_are_a_source_of_their_own() -> None:
    """They are never mixed with duels computed from grades."""
    pairs = tuple(
        PublishedPair(
            a=x, b=y, record="", challenges={"one": PublishedDuel(winner=x, margin="narrow")}
        )
        for x, y in ("ab", "ac", "bc")
    )
    found = meetings(
        {"judge": [duel("one", "ab", "b")]}, PublishedDuels(judge="", date="", pairs=pairs)
    )
    (made,), _ = rounds(CORPUS, ONE, found)
    assert [by.source for by in made.decided] == [PRINTED]


def test_a_round_of_nobody_here_is_named_as_a_problem() -> None:
    """A model that left, or one named twice, leaves the round out and says where."""
    gone = NAMED.model_copy(update={"models": ("a", "b", "gone")})
    twice = NAMED.model_copy(update={"models": ("a", "b", "a")})
    made, problems = rounds(CORPUS, Rounds(rounds={"x": gone, "y": twice}), {})
    assert made == []
    assert problems == [
        "rounds.yaml: rounds.x: nothing here is named gone",
        "rounds.yaml: rounds.y: names one model twice",
    ]
