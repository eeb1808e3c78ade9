"""Which texts a judge can write by now: those about runs that it has graded."""

from __future__ import annotations

from generator.data import Corpus, Evidence, Grade, JudgedRun, PublishedGrades
from generator.judge.grading import grade_from
from generator.judge.published import as_grades
from generator.judge.subjects import Subject, subjects


def ready(
    corpus: Corpus,
    evidence: dict[str, Evidence],
    grades: dict[str, Grade],
    published: PublishedGrades | None,
    keys: list[str],
    to_come: frozenset[str],
) -> list[Subject]:
    """The challenges and models of some runs whose every run the judge has graded, or soon has.

    A text is about all runs of its subject, so it waits until the last of them is graded.
    """
    letters = as_grades(published) if published else {}
    return [
        subject
        for subject in subjects(corpus, evidence, grades, letters)
        if set(keys) & set(subject.runs.values())
        and all(key in grades or key in to_come for key in subject.runs.values())
    ]


def current_grades(
    corpus: Corpus, evidence: dict[str, Evidence], judged: dict[str, JudgedRun]
) -> dict[str, Grade]:
    """A judge's grades of what is there now, by run; a stale one is none."""
    made = {
        key: grade_from(
            record, corpus.runs[key], corpus.challenges[record.challenge], evidence[key]
        )
        for key, record in judged.items()
        if key in corpus.runs and key in evidence
    }
    return {key: grade for key, grade in made.items() if grade.letter}
