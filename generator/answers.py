"""A judge's answers as records: which question is answered, and where an answer is kept."""

from __future__ import annotations

from typing import TypeVar

from generator.data import Exchange, JudgedDuel, JudgedRun, JudgedText
from generator.judge.facts import basis
from generator.judge.questions import Question
from generator.judge.subjects import Subject
from generator.judge.submission import Submission
from generator.records import Store

J = TypeVar("J", JudgedRun, JudgedDuel)


class Answers:
    """The records of one judge, by run, by pair, and by the subject of a text.

    They are kept as the answers come, and each is on disk when its `keep_` method returns.
    """

    def __init__(self, judge: str, store: Store):
        self._judge, self.store = judge, store
        self.runs = {r.key: r for r in store.judged_runs() if r.judge == judge}
        self.duels = {
            f"{d.challenge}/{d.a}--{d.b}": d for d in store.judged_duels() if d.judge == judge
        }
        self.texts = {(t.kind, t.subject): t for t in store.judged_texts() if t.judge == judge}

    def known(self, question: Question) -> Exchange | None:
        """The recorded exchange at this question's place."""
        record: JudgedRun | JudgedDuel | JudgedText | None
        if question.about:
            record = self.texts.get((question.about.kind, question.subject))
        else:
            records = self.duels if question.kind == "duel" else self.runs
            record = records.get(question.subject)
        return record.exchanges.get(question.part) if record else None

    def keep_run(
        self, question: Question, exchange: Exchange, shown: Submission, seen: str
    ) -> None:
        """Save an answer on a run. shown: what of the run was shown; seen: the digest of that."""
        known = self.runs.get(question.subject) or self._new_run(question)
        noticed = {"injections": shown.injections, "redacted": shown.redacted, "seen": seen}
        run = extended(known, question, exchange).model_copy(update=noticed)
        self.runs[question.subject] = run
        self.store.save_judged_run(run)

    def keep_duel(self, question: Question, exchange: Exchange) -> None:
        """Save an answer on a pair of runs."""
        known = self.duels.get(question.subject) or self._new_duel(question)
        duel = extended(known, question, exchange)
        self.duels[question.subject] = duel
        self.store.save_judged_duel(duel)

    def keep_text(self, question: Question, exchange: Exchange, about: Subject) -> None:
        """Save a text, with whom and what it is about; it takes the place of an earlier one."""
        made = JudgedText(
            judge=self._judge,
            kind=about.kind,
            subject=about.slug,
            contestants=about.runs,
            basis=basis(about),
            exchanges={question.part: exchange},
        )
        self.texts[about.kind, about.slug] = made
        self.store.save_judged_text(made)

    def _new_run(self, question: Question) -> JudgedRun:
        model, _, slug = question.subject.partition("/")
        return JudgedRun(judge=self._judge, model=model, challenge=slug)

    def _new_duel(self, question: Question) -> JudgedDuel:
        slug, _, pair = question.subject.partition("/")
        a, _, b = pair.partition("--")
        return JudgedDuel(judge=self._judge, challenge=slug, a=a, b=b)


def extended(record: J, question: Question, exchange: Exchange) -> J:
    """The record with one more exchange, or with that exchange replaced."""
    exchanges = {**record.exchanges, question.part: exchange}
    return record.model_copy(update={"exchanges": dict(sorted(exchanges.items()))})
