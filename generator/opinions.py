"""Records -> grades, duels, rankings and judges' texts: what everybody thinks of the runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator.data import (
    Corpus,
    Duel,
    Evidence,
    Grade,
    JudgeCard,
    JudgedDuel,
    JudgedRun,
    JudgedText,
    Published,
    Ranking,
    RankingRule,
    Told,
)
from generator.duels import duels
from generator.files import given
from generator.graders import EVIDENCE, PUBLISHED, SCORES
from generator.judge import evidence as by_evidence
from generator.judge.card import Asked, card
from generator.judge.dueling import duel_from
from generator.judge.grading import blind_grade, grade_from
from generator.judge.published import as_grades, score_grades
from generator.judge.subjects import subjects
from generator.judge.telling import told
from generator.pairs import Pair
from generator.rank import rank
from generator.records import Store
from generator.yamlfile import read


@dataclass(frozen=True)
class Judged:
    """What language models have answered about runs, about pairs of runs, and written."""

    runs: list[JudgedRun]
    duels: list[JudgedDuel]
    texts: tuple[JudgedText, ...]

    @classmethod
    def of(cls, store: Store) -> Judged:
        """All that is recorded."""
        return cls(store.judged_runs(), store.judged_duels(), tuple(store.judged_texts()))


def all_grades(
    corpus: Corpus, evidence: dict[str, Evidence], published: Published, judged: Judged
) -> dict[str, dict[str, Grade]]:
    """Grades by grader, then by `model/challenge`: published, by the evidence, by judges."""
    imported = as_grades(published.grades) if published.grades else {}
    return {
        PUBLISHED: of_this_corpus(imported, corpus),
        **earlier_scores(published, corpus),
        EVIDENCE: graded_by_evidence(corpus, evidence),
        **judged_grades(corpus, judged.runs, evidence),
    }


def all_duels(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    grades: dict[str, dict[str, Grade]],
    judged: list[JudgedDuel],
    compared: tuple[Pair, ...],
) -> dict[str, tuple[Duel, ...]]:
    """Duels by grader: those that it decided, or else those that its grades decide."""
    return {
        name: judged_duels(judged, name, evidence)
        or tuple(duels(corpus, name, found, evidence, compared))
        for name, found in grades.items()
    }


def rankings(
    corpus: Corpus,
    grades: dict[str, dict[str, Grade]],
    fought: dict[str, tuple[Duel, ...]],
    compared: tuple[Pair, ...],
) -> dict[str, Ranking]:
    """The order by each grader's grades and duels, under the declared rule. Raises BadFile."""
    rule, slugs = ranking_rule(corpus.root), list(corpus.challenges)
    return {
        name: rank(name, found.values(), fought[name], rule, slugs, compared)
        for name, found in grades.items()
    }


def ranking_rule(root: Path) -> RankingRule:
    """The declared rule, or the default one where ranking.yaml is absent. Raises BadFile."""
    file = root / "ranking.yaml"
    return read(file, RankingRule) if given(file) else RankingRule()


def unknown_weights(rule: RankingRule, corpus: Corpus) -> list[str]:
    """A line for each weight of ranking.yaml that no challenge here takes."""
    named = {"challenges": rule.challenges}
    named |= {f"alternatives.{name}": weights for name, weights in rule.alternatives.items()}
    return [
        f"{corpus.root / 'ranking.yaml'}: {field}.{slug}: no such challenge; ignored"
        for field, weights in named.items()
        for slug in weights
        if slug not in corpus.challenges
    ]


def of_this_corpus(grades: dict[str, Grade], corpus: Corpus) -> dict[str, Grade]:
    """The imported grades of models and challenges that are here."""
    return {
        key: grade
        for key, grade in grades.items()
        if grade.model in corpus.models and grade.challenge in corpus.challenges
    }


def graded_by_evidence(corpus: Corpus, evidence: dict[str, Evidence]) -> dict[str, Grade]:
    """Every run graded by its evidence."""
    return {
        key: by_evidence.grade(run, corpus.challenges[run.challenge], evidence.get(key))
        for key, run in corpus.runs.items()
    }


def judged_grades(
    corpus: Corpus, judged: list[JudgedRun], evidence: dict[str, Evidence]
) -> dict[str, dict[str, Grade]]:
    """The grades of every language model that has judged runs of this corpus."""
    found: dict[str, dict[str, Grade]] = {}
    for record in judged:
        run, seen = corpus.runs.get(record.key), evidence.get(record.key)
        if run and seen:
            grade = grade_from(record, run, corpus.challenges[record.challenge], seen)
            found.setdefault(record.judge, {})[record.key] = grade
            if blind := blind_grade(record):
                found.setdefault(blind.grader, {})[record.key] = blind
    return found


def earlier_scores(published: Published, corpus: Corpus) -> dict[str, dict[str, Grade]]:
    """The grades that an earlier judge's scores amount to, if any were imported."""
    if published.scores is None:
        return {}
    return {SCORES: of_this_corpus(score_grades(published.scores), corpus)}


def judged_duels(
    judged: list[JudgedDuel], grader: str, evidence: dict[str, Evidence]
) -> tuple[Duel, ...]:
    """The duels that a language model decided; empty for graders that only grade."""
    verdicts = {key: record.verdict for key, record in evidence.items()}
    made = []
    for record in judged:
        if record.judge == grader:
            sides = {m: verdicts.get(f"{m}/{record.challenge}") for m in (record.a, record.b)}
            made.append(duel_from(record, {m: v for m, v in sides.items() if v}))
    return tuple(duel for duel in made if duel)


def texts(
    corpus: Corpus,
    judged: tuple[JudgedText, ...],
    evidence: dict[str, Evidence],
    grades: dict[str, dict[str, Grade]],
) -> tuple[Told, ...]:
    """What judges wrote about challenges and models of this corpus, filled in from its records."""
    found = []
    for judge in sorted({record.judge for record in judged}):
        known = {
            (subject.kind, subject.slug): subject
            for subject in subjects(corpus, evidence, grades.get(judge, {}), grades[PUBLISHED])
        }
        found += [
            told(record, known.get((record.kind, record.subject)))
            for record in judged
            if record.judge == judge
        ]
    return tuple(found)


def cards(
    corpus: Corpus,
    asked: Asked,
    evidence: dict[str, Evidence],
    grades: dict[str, dict[str, Grade]],
) -> dict[str, JudgeCard]:
    """The card of every language model that has judged runs or probes here."""
    sizes = {key: sum(a.bytes for a in run.artifacts) for key, run in corpus.runs.items()}
    return {judge: card(judge, asked, evidence, grades, sizes) for judge in asked.judges}
