"""What a judge writes about: a challenge with all its runs, or a model with all of its own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
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

    def contestant(key: str, token: str, name: str, blind: str) -> Contestant:
        run, record = corpus.runs[key], evidence[key]
        challenge = corpus.challenges[run.challenge]
        letter = published[key].letter if key in published else None
        return Contestant(
            token, name, blind, run, challenge, record, grades.get(key), letter, corpus
        )

    entered: dict[str, list[str]] = {}  # by model, and by challenge behind a slash
    silent: Counter[str] = Counter()
    for key, run in corpus.runs.items():
        if key in evidence and evidence[key].verdict is Verdict.NO_OUTPUT:
            silent.update((f"/{run.challenge}", run.model))
        elif key in evidence:
            for about in (f"/{run.challenge}", run.model):
                entered.setdefault(about, []).append(key)
    for slug, challenge in corpus.challenges.items():
        keys = sorted(entered.get(f"/{slug}", ()), key=shuffled)
        found = [
            contestant(key, token(n), corpus.models[corpus.runs[key].model].name, blind(n))
            for n, key in enumerate(keys)
        ]
        if found:
            yield Subject("analysis", slug, challenge.title, tuple(found), silent[f"/{slug}"])
    titles = {slug: challenge.title for slug, challenge in corpus.challenges.items()}
    for slug, model in corpus.models.items():
        own = set(entered.get(slug, ()))
        found = [
            contestant(key, c, titles[c], titles[c])
            for c in titles
            if (key := f"{slug}/{c}") in own
        ]
        if found:
            yield Subject("profile", slug, model.name, tuple(found), silent[slug])


def shuffled(key: str) -> str:
    """An order of runs that says nothing about the models and is another in each challenge."""
    return hashlib.sha256(key.encode()).hexdigest()


def token(number: int) -> str:
    """`a` to `z`, then `aa`, `bb` and on."""
    return ascii_lowercase[number % 26] * (number // 26 + 1)


def blind(number: int) -> str:
    """What a contestant is called before the judge."""
    return f"contestant {token(number).upper()}"
