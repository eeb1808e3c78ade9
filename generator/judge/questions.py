"""Which questions a judge is to be asked, and which of them are answered already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from generator.data import (
    Corpus,
    DuelReply,
    Evidence,
    Exchange,
    GradeReply,
    JudgeSettings,
    Record,
    Status,
    TextReply,
)
from generator.judge.client import canonical, parameters
from generator.judge.prompts import Messages, challenge_prompt, comparing, grading
from generator.judge.rubric import rubric_digest
from generator.judge.subjects import Subject
from generator.judge.submission import Submission, submission

ROTATION = 3
SHARE_OF_CONTEXT = 0.35


Kind = Literal["grade", "duel", "analysis", "profile"]
REPLIES: dict[Kind, type[Record]] = {
    "grade": GradeReply,
    "duel": DuelReply,
    "analysis": TextReply,
    "profile": TextReply,
}


@dataclass(frozen=True)
class Question:
    """One thing to ask: where its answer belongs, its digest, and the messages.

    subject: `model/challenge`, `challenge/a--b`, or the challenge or model that a text is about,
    which is `about`. part: which exchange of the record it is. more: how many characters may still
    be added to the messages, by grades that are not there yet.
    """

    subject: str
    kind: Kind
    part: str
    key: str
    messages: Messages
    about: Subject | None = None
    more: int = 0

    @property
    def reply(self) -> type[Record]:
        """What the answer must look like."""
        return REPLIES[self.kind]


def answered(question: Question, known: Exchange | None) -> bool:
    """Whether a recorded exchange is the answer to exactly this question."""
    return known is not None and known.key == question.key and known.status is Status.OK


def submissions(corpus: Corpus, keys: list[str], settings: JudgeSettings) -> dict[str, Submission]:
    """What is shown of each run: two of them must fit beside the task and the answer."""
    tokens = int((settings.context_tokens - settings.max_tokens) * SHARE_OF_CONTEXT)
    return {key: submission(corpus.runs[key], corpus, tokens) for key in keys}


def grade_questions(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    shown: dict[str, Submission],
    settings: JudgeSettings,
    repeats: int,
    blind: int,
) -> Iterator[Question]:
    """Repeats with evidence, then the blind arm, for every run, challenge by challenge."""
    for key in by_challenge(corpus, list(shown)):
        challenge = corpus.challenges[corpus.runs[key].challenge]
        prompt = challenge_prompt(corpus.root, challenge.slug)
        for index in range(repeats + blind):
            with_evidence = index < repeats
            seen = evidence[key] if with_evidence else None
            messages = grading(challenge, prompt, seen, shown[key].text, index * ROTATION)
            part = f"repeat-{index}" if with_evidence else f"blind-{index - repeats}"
            yield question(key, "grade", part, messages, settings)


def duel_questions(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    shown: dict[str, Submission],
    settings: JudgeSettings,
) -> Iterator[Question]:
    """Both orders of every pair of runs of a challenge."""
    for slug, challenge in corpus.challenges.items():
        entered = [model for model in corpus.models if f"{model}/{slug}" in shown]
        for a, b in combinations(entered, 2):
            prompt = challenge_prompt(corpus.root, slug)
            sides = {m: (evidence.get(f"{m}/{slug}"), shown[f"{m}/{slug}"].text) for m in (a, b)}
            for part, first, second in (("forward", a, b), ("backward", b, a)):
                messages = comparing(challenge, prompt, sides[first], sides[second])
                yield question(f"{slug}/{a}--{b}", "duel", part, messages, settings)


def question(
    subject: str,
    kind: Kind,
    part: str,
    messages: Messages,
    settings: JudgeSettings,
) -> Question:
    """The question with its digest over all that could change the answer."""
    reply = REPLIES[kind]
    made_from = {
        "schema": 1,
        "base_url": settings.base_url,
        "model": settings.model,
        "parameters": parameters(settings, reply),
        "messages": messages,
        "rubric": rubric_digest(),
        "part": part,
    }
    key = hashlib.sha256(canonical(made_from).encode()).hexdigest()
    return Question(subject, kind, part, key, messages)


def by_challenge(corpus: Corpus, keys: list[str]) -> list[str]:
    """Runs ordered so that those with a common prompt prefix follow each other."""
    order = list(corpus.challenges)
    return sorted(keys, key=lambda key: (order.index(corpus.runs[key].challenge), key))
