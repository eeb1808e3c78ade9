"""Have a judge answer what it has not answered yet, and keep its answers as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from generator.data import (
    Corpus,
    Evidence,
    Exchange,
    JudgedDuel,
    JudgedRun,
    JudgedText,
    JudgeSettings,
    Verdict,
)
from generator.judge.client import Client
from generator.judge.facts import basis
from generator.judge.grading import seen_digest
from generator.judge.questions import (
    Question,
    Submissions,
    answered,
    duel_questions,
    grade_questions,
)
from generator.judge.ready import current_grades, ready
from generator.judge.session import Tally, ask_all
from generator.judge.subjects import Subject
from generator.judge.submission import Submission
from generator.judge.texts import text_question
from generator.pairs import pairs
from generator.published import load_grades
from generator.records import Store

J = TypeVar("J", JudgedRun, JudgedDuel, JudgedText)


@dataclass(frozen=True)
class Plan:
    """All questions of a judge, and those of them that are still open.

    stale: how many of the open ones were answered before something changed. seen: digests of what
    is shown of each run. texts: the requests for texts once the grades they show are there.
    """

    questions: list[Question]
    open: list[Question]
    shown: Mapping[str, Submission]
    seen: dict[str, str]
    texts: Callable[[], list[Question]]
    stale: int = 0


class Answers:
    """A judge's records, by run, by pair and by what a text is about, as they are filled."""

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

    def keep(self, question: Question, exchange: Exchange, plan: Plan) -> None:
        """Put an answer in its place and save the record it belongs to."""
        if question.about:
            self._keep_text(question, exchange, question.about)
            return
        if question.kind == "duel":
            duel = self._with(
                self.duels.get(question.subject) or self._new_duel(question), question, exchange
            )
            self.duels[question.subject] = duel
            self.store.save_judged_duel(duel)
            return
        run = self._with(
            self.runs.get(question.subject) or self._new_run(question), question, exchange
        )
        shown = plan.shown[question.subject]
        noticed = {"injections": shown.injections, "redacted": shown.redacted}
        run = run.model_copy(update={**noticed, "seen": plan.seen[question.subject]})
        self.runs[question.subject] = run
        self.store.save_judged_run(run)

    def _keep_text(self, question: Question, exchange: Exchange, about: Subject) -> None:
        """Save a text, with whom and what it is about."""
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

    @staticmethod
    def _with(record: J, question: Question, exchange: Exchange) -> J:
        exchanges = {**record.exchanges, question.part: exchange}
        return record.model_copy(update={"exchanges": dict(sorted(exchanges.items()))})

    def _new_run(self, question: Question) -> JudgedRun:
        model, _, slug = question.subject.partition("/")
        return JudgedRun(judge=self._judge, model=model, challenge=slug)

    def _new_duel(self, question: Question) -> JudgedDuel:
        slug, _, pair = question.subject.partition("/")
        a, _, b = pair.partition("--")
        return JudgedDuel(judge=self._judge, challenge=slug, a=a, b=b)


@dataclass(frozen=True)
class Request:
    """What a judge is to be asked: which runs, how often with and without evidence, what else."""

    keys: list[str]
    repeats: int = 3
    blind: int = 1
    duels: bool = True
    texts: bool = True


def plan(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    answers: Answers,
    settings: JudgeSettings,
    request: Request,
) -> Plan:
    """What to ask about the given runs (those with evidence and an output), texts last."""
    judged = [
        key
        for key in request.keys
        if key in evidence and evidence[key].verdict is not Verdict.NO_OUTPUT
    ]
    shown = Submissions(corpus, judged, settings)
    questions = list(
        grade_questions(corpus, evidence, shown, settings, request.repeats, request.blind)
    )
    if request.duels:
        questions += duel_questions(corpus, evidence, shown, settings, pairs(corpus, evidence))

    def texts(to_come: frozenset[str] = frozenset()) -> list[Question]:
        if not request.texts:
            return []
        grades = current_grades(corpus, evidence, answers.runs)
        published = load_grades(answers.store.folder)
        about = ready(corpus, evidence, grades, published, judged, to_come)
        return [text_question(subject, corpus, settings) for subject in about]

    questions += texts(frozenset(judged))
    still_open = [q for q in questions if not answered(q, answers.known(q))]
    stale = sum(answers.known(q) is not None for q in still_open)
    seen = {k: seen_of(corpus, evidence, k) for k in judged}
    return Plan(questions, still_open, shown, seen, texts, stale)


def seen_of(corpus: Corpus, evidence: dict[str, Evidence], key: str) -> str:
    """The digest of what is shown of one run."""
    run = corpus.runs[key]
    return seen_digest(run, corpus.challenges[run.challenge], evidence[key])


def judge(plan: Plan, answers: Answers, client: Client, advance: Callable[[str], None]) -> Tally:
    """Ask every open question of a plan; each answer is on disk before the next is counted.

    Texts come last and are made anew then, since they show the grades.
    """

    def keep(question: Question, exchange: Exchange) -> None:
        answers.keep(question, exchange, plan)

    tally = ask_all([q for q in plan.open if not q.about], client, keep, advance)
    if not tally.stopped:
        texts = [q for q in plan.texts() if not answered(q, answers.known(q))]
        tally = tally.plus(ask_all(texts, client, keep, advance))
    return replace(tally, reused=len(plan.questions) - len(plan.open))
