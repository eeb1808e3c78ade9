"""Everything that the pages are made from, gathered before the first of them is written."""

from __future__ import annotations

from typing import Any

from generator.data.base import Record
from generator.data.card import Agreement, JudgeCard
from generator.data.corpus import Corpus
from generator.data.evidence import Evidence, Strength
from generator.data.opinion import (
    Contradiction,
    Duel,
    Grade,
    Takeaway,
)
from generator.data.probe import Planted
from generator.data.published import Outcome, Published
from generator.data.ranking import Ranking
from generator.data.rounds import Round
from generator.data.session import Moment, Replayed, Session
from generator.data.told import Told


class Results(Record):
    """Records and what was computed from them; pages are pure functions of this.

    standings: `model/challenge` -> current, stale or missing (its record against the files).
    grades, rankings, duels: by grader; grades then by `model/challenge`.
    pairs: the models that are compared two at a time, in the corpus' order.
    differences: by `challenge/a--b`, what differs between two runs besides the model.
    sessions, timelines, replays: by run that has a log: its summary, what happened, and how each
    stored file compares with what the log's calls make of it.
    cards: by judge; probes: the planted ones, and what the tests found of each. agreements: of
    every two graders.
    redacted: by file of a run, how many finds of each kind of secret no page shows.
    rooflines: by challenge, the timings of our own kernel (docs/guide/gpu.md).
    told: the texts of judges on challenges and models, with their numbers filled in.
    published: what was imported, figures measured on the originals included. outcomes: its claims.
    rounds: those that rounds.yaml declares, with what came of them.
    """

    corpus: Corpus
    evidence: dict[str, Evidence]
    standings: dict[str, str]
    grades: dict[str, dict[str, Grade]]
    rankings: dict[str, Ranking]
    duels: dict[str, tuple[Duel, ...]]
    pairs: tuple[tuple[str, str], ...] = ()
    published: Published = Published()
    outcomes: tuple[Outcome, ...] = ()
    rounds: tuple[Round, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    strength: tuple[Strength, ...] = ()
    rooflines: dict[str, dict[str, Any]] = {}
    takeaways: tuple[Takeaway, ...] = ()
    cards: dict[str, JudgeCard] = {}
    told: tuple[Told, ...] = ()
    probes: tuple[Planted, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    differences: dict[str, tuple[str, ...]] = {}
    sessions: dict[str, Session] = {}
    timelines: dict[str, tuple[Moment, ...]] = {}
    replays: dict[str, tuple[Replayed, ...]] = {}
    redacted: dict[str, dict[str, int]] = {}
    problems: tuple[str, ...] = ()
