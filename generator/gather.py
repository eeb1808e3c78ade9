"""Records and grades -> Results: everything the pages need, computed before any is written."""

from __future__ import annotations

from generator.audit import contradictions, takeaways
from generator.claims import outcomes
from generator.data import Corpus, Evidence, Grade, Results
from generator.duels import duels
from generator.judge.evidence import EvidenceGrader
from generator.judge.published import NAME as PUBLISHED
from generator.judge.published import as_grades
from generator.published import load_published
from generator.rank import rank
from generator.records import Store


def gather(corpus: Corpus, store: Store, standings: dict[str, str]) -> Results:
    """Load the records and compute grades, rankings, duels and the audit. Raises BadFile."""
    evidence = {k: e for k, e in store.evidence().items() if k in corpus.runs}
    current = {k: e for k, e in evidence.items() if standings.get(k) == "current"}
    published = load_published(store.folder)
    imported = of_this_corpus(as_grades(published.grades), corpus) if published.grades else {}
    grades = {PUBLISHED: imported, EvidenceGrader.name: graded_by_evidence(corpus, current)}
    return Results(
        corpus=corpus,
        evidence=evidence,
        standings=standings,
        grades=grades,
        rankings={name: rank(name, found.values()) for name, found in grades.items()},
        duels={name: tuple(duels(corpus, name, found, current)) for name, found in grades.items()},
        published=published,
        outcomes=tuple(outcomes(published)),
        contradictions=tuple(contradictions(imported, current)),
        strength=store.strength(),
        takeaways=tuple(takeaways(corpus, imported, current)),
        problems=(*corpus.problems, *store.problems),
    )


def of_this_corpus(grades: dict[str, Grade], corpus: Corpus) -> dict[str, Grade]:
    """The imported grades of models and challenges that are here."""
    return {
        key: grade
        for key, grade in grades.items()
        if grade.model in corpus.models and grade.challenge in corpus.challenges
    }


def graded_by_evidence(corpus: Corpus, evidence: dict[str, Evidence]) -> dict[str, Grade]:
    """Every run graded by its evidence."""
    grader = EvidenceGrader()
    return {
        key: grader.grade(run, corpus.challenges[run.challenge], evidence.get(key))
        for key, run in corpus.runs.items()
    }
