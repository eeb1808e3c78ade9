"""Have a judge answer what it has not answered yet, and keep its answers as records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from generator.data import Corpus, Evidence, Exchange, JudgedDuel, JudgedRun
from generator.judge.client import Client
from generator.judge.questions import (
    Question,
    answered,
    duel_questions,
    grade_questions,
    submissions,
)
from generator.judge.session import Tally, ask_all
from generator.judge.submission import Submission
from generator.records import Store


@dataclass(frozen=True)
class Plan:
    """All questions of a judge, and those of them that are still open."""

    questions: list[Question]
    open: list[Question]
    shown: dict[str, Submission]


class Answers:
    """A judge's records, by run and by pair, as they are filled."""

    def __init__(self, judge: str, store: Store):
        self._judge, self._store = judge, store
        self.runs = {f"{r.model}/{r.challenge}": r for r in store.judged_runs() if r.judge == judge}
        self.duels = {
            f"{d.challenge}/{d.a}--{d.b}": d for d in store.judged_duels() if d.judge == judge
        }

    def known(self, question: Question) -> Exchange | None:
        """The recorded exchange at this question's place."""
        if question.kind == "duel":
            duel = self.duels.get(question.subject)
            return getattr(duel, question.part) if duel else None
        run = self.runs.get(question.subject)
        arm, index = question.part.split("-")
        exchanges = (run.repeats if arm == "repeat" else run.blind) if run else ()
        return exchanges[int(index)] if int(index) < len(exchanges) else None

    def keep(self, question: Question, exchange: Exchange, shown: Submission | None) -> None:
        """Put an answer in its place and save the record it belongs to."""
        if question.kind == "duel":
            self._keep_duel(question, exchange)
        else:
            self._keep_grade(question, exchange, shown)

    def _keep_duel(self, question: Question, exchange: Exchange) -> None:
        slug, _, pair = question.subject.partition("/")
        a, _, b = pair.partition("--")
        empty = JudgedDuel(judge=self._judge, challenge=slug, a=a, b=b)
        record = self.duels.get(question.subject, empty).model_copy(
            update={question.part: exchange}
        )
        self.duels[question.subject] = record
        self._store.save_judged_duel(record)

    def _keep_grade(self, question: Question, exchange: Exchange, shown: Submission | None) -> None:
        model, _, slug = question.subject.partition("/")
        record = self.runs.get(
            question.subject, JudgedRun(judge=self._judge, model=model, challenge=slug)
        )
        arm, index = question.part.split("-")
        name = "repeats" if arm == "repeat" else "blind"
        placed = {**dict(enumerate(getattr(record, name))), int(index): exchange}
        update: dict[str, object] = {name: tuple(placed[i] for i in sorted(placed))}
        if shown:
            update |= {"injections": shown.injections, "redacted": shown.redacted}
        self.runs[question.subject] = record.model_copy(update=update)
        self._store.save_judged_run(self.runs[question.subject])


def plan(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    answers: Answers,
    client: Client,
    keys: list[str],
    *,
    repeats: int,
    blind: int,
) -> Plan:
    """What to ask about the given runs (those with evidence and an output), grades before duels."""
    judged = [key for key in keys if key in evidence and evidence[key].checks]
    shown = submissions(corpus, judged)
    questions = [
        *grade_questions(corpus, evidence, shown, client.settings, repeats, blind),
        *duel_questions(corpus, evidence, shown, client.settings),
    ]
    still_open = [q for q in questions if not answered(q, answers.known(q))]
    return Plan(questions, still_open, shown)


def judge(plan: Plan, answers: Answers, client: Client, advance: Callable[[str], None]) -> Tally:
    """Ask every open question of a plan; each answer is on disk before the next is counted."""

    def keep(question: Question, exchange: Exchange) -> None:
        answers.keep(question, exchange, plan.shown.get(question.subject))

    tally = ask_all(plan.open, client, keep, advance)
    return replace(tally, reused=len(plan.questions) - len(plan.open))
