"""Rounds: three models compared at once, composed from the duels of every two of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from generator.data.base import Record

Trio = tuple[str, str, str]
Size = Literal["", "tie", "narrow", "moderate", "decisive", "not stated"]


class DeclaredRound(Record):
    """One entry of rounds.yaml. challenges: where empty, all that the three entered.

    why: one or two sentences on what speaks for comparing these three, and what is on record.
    """

    models: Trio
    challenges: tuple[str, ...] = ()
    why: Annotated[str, Field(min_length=1)]

    @field_validator("models")
    @classmethod
    def _three(cls, models: Trio) -> Trio:
        if len(set(models)) < len(models):
            raise ValueError("a round compares three different models")
        return models


class Rounds(Record):
    """rounds.yaml: the declared rounds, by name; the name is part of the page's address."""

    rounds: dict[str, DeclaredRound] = {}


class Settled(Record):
    """What the three duels between a round's models come to, on one challenge or over all.

    winner: the model that beats both others; margin: the smaller of its two.
    leaders: where nobody beats both, those that lose to nobody.
    cycle: where everybody loses to somebody, in the order in which each beats the next.
    """

    winner: str | None = None
    margin: Size = ""
    leaders: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()


class Tally(Record):
    """One model in a round: challenges on which it beat both others, and its duels."""

    challenges: int = 0
    won: int = 0
    lost: int = 0
    tied: int = 0


class Decided(Record):
    """A round by one source of duels. A challenge that lacks one of its duels is left out.

    overall: by the same rule; of two models, the one that wins more of their duels beats the other.
    """

    source: str
    challenges: dict[str, Settled]
    tallies: dict[str, Tally]
    overall: Settled


class Round(Record):
    """A declared round with what came of it. challenges: those that the three entered."""

    name: str
    models: Trio
    challenges: tuple[str, ...]
    why: str
    decided: tuple[Decided, ...] = ()
