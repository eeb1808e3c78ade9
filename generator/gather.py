"""Records and grades -> Results: everything the pages need, computed before any is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.audit import contradictions
from generator.cache import Cache
from generator.claims import outcomes
from generator.comparability import differences
from generator.data import Corpus, Evidence, JudgedDuel, Published, Results, Rounds
from generator.files import given
from generator.graders import PUBLISHED
from generator.judge.agreement import agreements
from generator.judge.calibration import Probed
from generator.judge.card import Asked
from generator.logged import read_logs
from generator.opinions import (
    Judged,
    all_duels,
    all_grades,
    cards,
    ranking_rule,
    rankings,
    texts,
    unknown_weights,
)
from generator.pairs import pairs
from generator.published import load_published
from generator.records import Store
from generator.redact import report
from generator.rounds import meetings, rounds
from generator.takeaways import takeaways
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
    published, judged = load_published(store.folder), Judged.of(store)
    declared = declared_rounds(corpus.root)
    compared = pairs(corpus, evidence, wanted(corpus, published, declared, judged.duels))
    grades = all_grades(corpus, current, published, judged)
    imported = grades[PUBLISHED]
    fought = all_duels(corpus, current, grades, judged.duels, compared)
    held, refused = rounds(corpus, declared, meetings(fought, published.duels))
    logs = read_logs(corpus)
    shown = texts(corpus, judged.texts, current, grades)
    here = [run for run in judged.runs if run.key in corpus.runs]
    asked = Asked(here, judged.duels, probed, judged.texts, shown)
    return Results(
        corpus=corpus,
        evidence=evidence,
        standings=standings,
        grades=grades,
        rankings=rankings(corpus, grades, fought, compared),
        pairs=compared,
        duels=fought,
        published=published,
        outcomes=tuple(outcomes(named(published, corpus))),
        rounds=tuple(held),
        contradictions=tuple(contradictions(imported, current)),
        strength=store.strength(),
        rooflines=store.rooflines(),
        takeaways=tuple(takeaways(corpus, imported, current)),
        differences=differences(corpus, published, compared, logs.sessions),
        cards=cards(corpus, asked, current, grades),
        probes=probed.planted,
        agreements=tuple(agreements(grades)),
        told=shown,
        sessions=logs.sessions,
        timelines=logs.timelines,
        replays=logs.replays,
        redacted=report(corpus, cache),
        problems=(
            *corpus.problems,
            *store.problems,
            *logs.problems,
            *refused,
            *unknown_weights(ranking_rule(corpus.root), corpus),
        ),
    )


def declared_rounds(root: Path) -> Rounds:
    """The declared rounds; none where rounds.yaml is absent. Raises BadFile."""
    file = root / "rounds.yaml"
    return read(file, Rounds) if given(file) else Rounds()


def wanted(
    corpus: Corpus, published: Published, declared: Rounds, judged: list[JudgedDuel]
) -> Iterator[tuple[str, ...]]:
    """Models to compare however far apart they are: somebody has compared them, or asked for it."""
    yield from ((pair.a, pair.b) for pair in (published.duels.pairs if published.duels else ()))
    yield from (entry.models for entry in declared.rounds.values())
    yield from ((duel.a, duel.b) for duel in judged)
    yield from ((m.slug, m.succeeds) for m in corpus.models.values() if m.succeeds)


def named(published: Published, corpus: Corpus) -> Published:
    """What was imported, with the names that pages give to models and challenges."""
    models = {slug: model.name for slug, model in corpus.models.items()}
    titles = {slug: challenge.title for slug, challenge in corpus.challenges.items()}
    return published.model_copy(update={"names": models | titles})
