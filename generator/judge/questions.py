"""Which questions a judge is to be asked, and which of them are answered already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
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
from generator.digests import json_digest
from generator.judge.client import parameters
from generator.judge.prompts import Messages, challenge_prompt, comparing, grading
from generator.judge.rubric import rubric_digest
from generator.judge.subjects import Subject
from generator.judge.submission import Submission, submission

ROTATION = 3
SHARE_OF_CONTEXT = 0.35
NOT_MADE = Submission("", (), 0)


Kind = Literal["grade", "duel", "analysis", "profile"]
REPLIES: dict[Kind, type[Record]] = {
    "grade": GradeReply,
    "duel": DuelReply,
    "analysis": TextReply,
    "profile": TextReply,
}


@dataclass(frozen=True)
class Question:
    """One thing to ask, and where its answer belongs; it is composed only when that is needed.

    subject: `model/challenge`, `challenge/a--b`, or the challenge or model that a text is about,
    which is `about`. part: which exchange of the record it is. more: how many characters may still
    be added to the messages, by grades that are not there yet.
    """

    subject: str
    kind: Kind
    part: str
    settings: JudgeSettings
    compose: Callable[[], Messages]
    about: Subject | None = None
    more: int = 0

    @property
    def reply(self) -> type[Record]:
        """What the answer must look like."""
        return REPLIES[self.kind]

    @property
    def messages(self) -> Messages:
        """The messages, composed anew: kept, those of all questions would fill the memory."""
        return self.compose()

    @cached_property
    def key(self) -> str:
        """A digest over all that could change the answer."""
        made_from = {
            "schema": 1,
            "base_url": self.settings.base_url,
            "model": self.settings.model,
            "parameters": parameters(self.settings, self.reply),
            "messages": self.messages,
            "rubric": rubric_digest(),
            "part": self.part,
        }
        return json_digest(made_from)


class Submissions(Mapping[str, Submission]):
    """What is shown of each of some runs, made when asked for: two must fit into a request."""

    def __init__(self, corpus: Corpus, keys: list[str], settings: JudgeSettings):
        self._corpus, self._made = corpus, dict.fromkeys(keys, NOT_MADE)
        self._tokens = int((settings.context_tokens - settings.max_tokens) * SHARE_OF_CONTEXT)

    def __getitem__(self, key: str) -> Submission:
        if self._made[key] is NOT_MADE:
            self._made[key] = submission(self._corpus.runs[key], self._corpus, self._tokens)
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def answered(question: Question, known: Exchange | None) -> bool:
    """Whether a recorded exchange is the answer to exactly this question."""
    return known is not None and known.status is Status.OK and known.key == question.key


def grade_questions(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    shown: Mapping[str, Submission],
    settings: JudgeSettings,
    repeats: int,
    blind: int,
) -> Iterator[Question]:
    """Repeats with evidence, then the blind arm, for every run, challenge by challenge."""

    def compose(key: str, index: int) -> Messages:
        challenge = corpus.challenges[corpus.runs[key].challenge]
        prompt = challenge_prompt(corpus.root, challenge.slug)
        seen = evidence[key] if index < repeats else None
        return grading(challenge, prompt, seen, shown[key].text, index * ROTATION)

    for key in by_challenge(corpus, list(shown)):
        for index in range(repeats + blind):
            part = f"repeat-{index}" if index < repeats else f"blind-{index - repeats}"
            yield Question(key, "grade", part, settings, partial(compose, key, index))


def duel_questions(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    shown: Mapping[str, Submission],
    settings: JudgeSettings,
    pairs: Sequence[tuple[str, str]],
) -> Iterator[Question]:
    """Both orders of the runs of a challenge, for each pair of models that is compared."""

    def compose(slug: str, first: str, second: str) -> Messages:
        keys = f"{first}/{slug}", f"{second}/{slug}"
        sides = [(evidence.get(key), shown[key].text) for key in keys]
        return comparing(corpus.challenges[slug], challenge_prompt(corpus.root, slug), *sides)

    for slug in corpus.challenges:
        entered = {model for model in corpus.models if f"{model}/{slug}" in shown}
        for a, b in (pair for pair in pairs if entered.issuperset(pair)):
            for part, first, second in (("forward", a, b), ("backward", b, a)):
                asked = partial(compose, slug, first, second)
                yield Question(f"{slug}/{a}--{b}", "duel", part, settings, asked)


def by_challenge(corpus: Corpus, keys: list[str]) -> list[str]:
    """Runs ordered so that those with a common prompt prefix follow each other."""
    order = list(corpus.challenges)
    return sorted(keys, key=lambda key: (order.index(corpus.runs[key].challenge), key))
