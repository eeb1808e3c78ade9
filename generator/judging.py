"""Plan what a judge is to be asked, and have it answer what it has not answered yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from generator.answers import Answers
from generator.data import Corpus, Evidence, Exchange, JudgeSettings, Verdict
from generator.judge.client import Client
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
from generator.judge.submission import Submission
from generator.judge.texts import text_question
from generator.pairs import pairs
from generator.published import load_grades


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
        if question.about:
            answers.keep_text(question, exchange, question.about)
        elif question.kind == "duel":
            answers.keep_duel(question, exchange)
        else:
            shown, seen = plan.shown[question.subject], plan.seen[question.subject]
            answers.keep_run(question, exchange, shown, seen)

    tally = ask_all([q for q in plan.open if not q.about], client, keep, advance)
    if not tally.stopped:
        texts = [q for q in plan.texts() if not answered(q, answers.known(q))]
        tally = tally.plus(ask_all(texts, client, keep, advance))
    return replace(tally, reused=len(plan.questions) - len(plan.open))
