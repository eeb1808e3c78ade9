"""What a judge writes about: a challenge with all its runs, or a model with all of its own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase
from typing import Literal

from generator.data import Challenge, Corpus, Evidence, Grade, Letter, Run, Verdict
from generator.judge.prompts import items
from generator.judge.submission import blinded
from generator.redact import clean


@dataclass(frozen=True)
class Contestant:
    """One run as a text speaks of it.

    token: its name in placeholders: `a`, `b` ... in an analysis, the challenge in a profile.
    name, blind: what stands for `{{token.name}}` on the page, and what the judge is shown.
    """

    token: str
    name: str
    blind: str
    run: Run
    challenge: Challenge
    evidence: Evidence
    grade: Grade | None
    published: Letter | None
    corpus: Corpus

    @cached_property
    def items(self) -> str:
        """The lines of its evidence, as they are shown and quoted."""
        return blinded(clean(items(self.challenge, self.evidence)), self.corpus)


@dataclass(frozen=True)
class Subject:
    """A challenge (analysis) or a model (profile). silent: how many entered without any output."""

    kind: Literal["analysis", "profile"]
    slug: str
    name: str
    contestants: tuple[Contestant, ...]
    silent: int

    @property
    def runs(self) -> dict[str, str]:
        """`model/challenge` of each contestant, by its token."""
        return {c.token: c.run.key for c in self.contestants}


Grades = dict[str, Grade]


def subjects(
    corpus: Corpus, evidence: dict[str, Evidence], grades: Grades, published: Grades
) -> Iterator[Subject]:
    """Every challenge and every model of which a run has evidence and an output.

    grades: the writing judge's own, published: those made elsewhere; both by `model/challenge`.
    """
    known = Known(corpus, evidence, grades, published)
    yield from analyses(known)
    yield from profiles(known)


@dataclass(frozen=True)
class Known:
    """What a judge can be told about the runs of a corpus; see subjects()."""

    corpus: Corpus
    evidence: dict[str, Evidence]
    grades: Grades
    published: Grades

    def contestant(self, key: str, token: str, name: str, blind: str) -> Contestant:
        """One run under these names."""
        run = self.corpus.runs[key]
        challenge = self.corpus.challenges[run.challenge]
        grade, letter = self.grades.get(key), None
        if key in self.published:
            letter = self.published[key].letter
        evidence = self.evidence[key]
        return Contestant(token, name, blind, run, challenge, evidence, grade, letter, self.corpus)

    def entered(self, by: Callable[[Run], str]) -> tuple[dict[str, list[str]], Counter[str]]:
        """The runs with an output in groups, and how many of each group have none.

        by: the name of a run's group.
        """
        groups: dict[str, list[str]] = {}
        silent: Counter[str] = Counter()
        for key, run in self.corpus.runs.items():
            if key in self.evidence and self.evidence[key].verdict is Verdict.NO_OUTPUT:
                silent[by(run)] += 1
            elif key in self.evidence:
                groups.setdefault(by(run), []).append(key)
        return groups, silent


def analyses(known: Known) -> Iterator[Subject]:
    """Every challenge, its runs in an order that says nothing of the models."""
    corpus = known.corpus
    groups, silent = known.entered(lambda run: run.challenge)
    for slug in (slug for slug in corpus.challenges if slug in groups):
        found = tuple(
            known.contestant(key, token(n), corpus.models[corpus.runs[key].model].name, blind(n))
            for n, key in enumerate(sorted(groups[slug], key=shuffled))
        )
        yield Subject("analysis", slug, corpus.challenges[slug].title, found, silent[slug])


def profiles(known: Known) -> Iterator[Subject]:
    """Every model, its runs by challenge."""
    corpus = known.corpus
    groups, silent = known.entered(lambda run: run.model)
    for slug in (slug for slug in corpus.models if slug in groups):
        found = tuple(
            known.contestant(f"{slug}/{name}", name, challenge.title, challenge.title)
            for name, challenge in corpus.challenges.items()
            if f"{slug}/{name}" in groups[slug]
        )
        yield Subject("profile", slug, corpus.models[slug].name, found, silent[slug])


def shuffled(key: str) -> str:
    """An order of runs that says nothing about the models and is another in each challenge."""
    return hashlib.sha256(key.encode()).hexdigest()


def token(number: int) -> str:
    """`a` to `z`, then `aa`, `bb` and on."""
    return ascii_lowercase[number % 26] * (number // 26 + 1)


def blind(number: int) -> str:
    """What a contestant is called before the judge."""
    return f"contestant {token(number).upper()}"
