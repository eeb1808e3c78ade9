"""Records and grades -> Results: everything the pages need, computed before any is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.audit import contradictions, takeaways
from generator.cache import Cache
from generator.claims import outcomes
from generator.comparability import differences
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
    RankingRule,
    Results,
    Rounds,
    Told,
)
from generator.duels import duels
from generator.judge.agreement import agreements
from generator.judge.calibration import Probed
from generator.judge.card import Asked, card
from generator.judge.dueling import duel_from
from generator.judge.evidence import EvidenceGrader
from generator.judge.grading import blind_grade, grade_from
from generator.judge.published import NAME as PUBLISHED
from generator.judge.published import SCORES, as_grades, score_grades
from generator.judge.subjects import subjects
from generator.judge.telling import told
from generator.logged import read_logs
from generator.pairs import pairs
from generator.published import load_published
from generator.rank import rank
from generator.records import Store
from generator.redact import report
from generator.rounds import meetings, rounds
from generator.yamlfile import read

NO_PROBES = Probed()


def gather(
    corpus: Corpus,
    store: Store,
    known: dict[str, Evidence],
    standings: dict[str, str],
    probed: Probed = NO_PROBES,
    cache: Cache | None = None,
) -> Results:
    """Load the other records and compute grades, rankings, duels and the audit. Raises BadFile.

    known: the evidence records, of which those of this corpus are taken. probed: the planted
    probes, by which judges are calibrated.
    """
    evidence = {k: e for k, e in known.items() if k in corpus.runs}
    current = {k: e for k, e in evidence.items() if standings.get(k) == "current"}
    published = load_published(store.folder)
    imported = of_this_corpus(as_grades(published.grades), corpus) if published.grades else {}
    judged_runs = store.judged_runs()
    grades = {
        PUBLISHED: imported,
        **earlier_scores(published, corpus),
        EvidenceGrader.name: graded_by_evidence(corpus, current),
        **judged_grades(corpus, judged_runs, current),
    }
    judged = store.judged_duels()
    declared = declared_rounds(corpus.root)
    compared = pairs(corpus, evidence, wanted(corpus, published, declared, judged))
    fought = {
        name: judged_duels(judged, name, current)
        or tuple(duels(corpus, name, found, current, compared))
        for name, found in grades.items()
    }
    here = [run for run in judged_runs if f"{run.model}/{run.challenge}" in corpus.runs]
    rule = ranking_rule(corpus.root)
    held, refused = rounds(corpus, declared, meetings(fought, published.duels))
    logs = read_logs(corpus)
    written = tuple(store.judged_texts())
    shown = texts(corpus, written, current, grades, imported)
    return Results(
        corpus=corpus,
        evidence=evidence,
        standings=standings,
        grades=grades,
        rankings={
            name: rank(name, found.values(), fought[name], rule, list(corpus.challenges), compared)
            for name, found in grades.items()
        },
        pairs=compared,
        duels=fought,
        published=published,
        outcomes=tuple(outcomes(published)),
        rounds=tuple(held),
        contradictions=tuple(contradictions(imported, current)),
        strength=store.strength(),
        rooflines=store.rooflines(),
        takeaways=tuple(takeaways(corpus, imported, current)),
        differences=differences(corpus, published, compared, logs.sessions),
        cards=cards(corpus, Asked(here, judged, probed, written, shown), current, grades),
        probes=probed.planted,
        agreements=tuple(agreements(grades)),
        told=shown,
        sessions=logs.sessions,
        timelines=logs.timelines,
        replays=logs.replays,
        redacted=report(corpus, cache),
        problems=(*corpus.problems, *store.problems, *logs.problems, *refused),
    )


def ranking_rule(root: Path) -> RankingRule:
    """The declared rule, or the default one where ranking.yaml is absent. Raises BadFile."""
    file = root / "ranking.yaml"
    return read(file, RankingRule) if file.exists() else RankingRule()


def declared_rounds(root: Path) -> Rounds:
    """The declared rounds; none where rounds.yaml is absent. Raises BadFile."""
    file = root / "rounds.yaml"
    return read(file, Rounds) if file.exists() else Rounds()


def wanted(
    corpus: Corpus, published: Published, declared: Rounds, judged: list[JudgedDuel]
) -> Iterator[tuple[str, ...]]:
    """The models that are compared however far apart: somebody has, or asked for it."""
    yield from ((pair.a, pair.b) for pair in (published.duels.pairs if published.duels else ()))
    yield from (entry.models for entry in declared.rounds.values())
    yield from ((duel.a, duel.b) for duel in judged)
    yield from ((m.slug, m.succeeds) for m in corpus.models.values() if m.succeeds)


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


def judged_grades(
    corpus: Corpus, judged: list[JudgedRun], evidence: dict[str, Evidence]
) -> dict[str, dict[str, Grade]]:
    """The grades of every language model that has judged runs of this corpus."""
    found: dict[str, dict[str, Grade]] = {}
    for record in judged:
        key = f"{record.model}/{record.challenge}"
        if key in corpus.runs and key in evidence:
            challenge = corpus.challenges[record.challenge]
            grade = grade_from(record, corpus.runs[key], challenge, evidence[key])
            found.setdefault(record.judge, {})[key] = grade
            if blind := blind_grade(record):
                found.setdefault(blind.grader, {})[key] = blind
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
    imported: dict[str, Grade],
) -> tuple[Told, ...]:
    """What judges wrote about challenges and models of this corpus, filled in from its records."""
    found = []
    for judge in sorted({record.judge for record in judged}):
        known = {
            (subject.kind, subject.slug): subject
            for subject in subjects(corpus, evidence, grades.get(judge, {}), imported)
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
