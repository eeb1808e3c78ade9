"""Decide which runs need verification, and in which order; generator/engines/ does it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

from generator.data import Corpus, Digests, Evidence, Verdict
from generator.digests import artifacts_digest, copies_in, verifier_digest
from generator.kernel_tests import FileDigest, digest, read_digest
from generator.records import Store
from generator.runtimes import open_runtime
from generator.verify import Task
from generator.words import typed
from generator.yamlfile import BadFile


class Standing(StrEnum):
    """How a run's record stands to the files that it speaks of."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"


def standings(
    corpus: Corpus, known: dict[str, Evidence], of_file: FileDigest = read_digest
) -> dict[str, tuple[Standing, Digests]]:
    """For every run: how its record stands, and the digests that a current record carries."""
    slugs = {run.challenge for run in corpus.runs.values()}
    kinds = {corpus.challenges[slug].runtime for slug in slugs}
    verifiers = {kind: verifier_digest(open_runtime(kind).sources, of_file) for kind in kinds}
    tests = {slug: digest(corpus.root / "challenges" / slug, of_file) for slug in slugs}
    found = {}
    for key, run in corpus.runs.items():
        wanted = Digests(
            artifacts=artifacts_digest(run),
            challenge=tests[run.challenge],
            verifier=verifiers[corpus.challenges[run.challenge].runtime],
        )
        found[key] = (standing(known.get(key), wanted), wanted)
    return found


def evidence_on(
    corpus: Corpus, store: Store, key: str, of_file: FileDigest = read_digest
) -> tuple[Evidence, Standing]:
    """The record on one run and how it stands: missing where the run itself is not here.

    Raises BadFile where there is no record, or none that can be used.
    """
    record = store.evidence().get(key)
    if record is None:
        model, _, challenge = key.partition("/")
        path = store.evidence_path(model, challenge)
        broken = [problem for problem in store.problems if problem.startswith(f"{path}: ")]
        how = f"make it with: {typed(f'verify {key}')}"
        raise BadFile(broken[0] if broken else f"{key or repr(key)}: no evidence recorded ({how})")
    own = {key: corpus.runs[key]} if key in corpus.runs else {}
    now = standings(corpus.model_copy(update={"runs": own}), {key: record}, of_file)
    return record, now[key][0] if own else Standing.MISSING


def standing(record: Evidence | None, wanted: Digests) -> Standing:
    """Current exactly when every digest matches."""
    if record is None:
        return Standing.MISSING
    return Standing.CURRENT if record.digests == wanted else Standing.STALE


def tasks(
    corpus: Corpus,
    keys: Iterable[str],
    digests: dict[str, Digests],
    *,
    seed: int | None = None,
    accept_weak: bool = False,
) -> list[Task]:
    """What to verify, for the given runs."""
    copies = copies_in(corpus)
    return [
        Task(
            run=corpus.runs[key],
            challenge=corpus.challenges[corpus.runs[key].challenge],
            root=corpus.root,
            digests=digests[key],
            copies=copies[key],
            seed=seed,
            accept_weak=accept_weak,
        )
        for key in keys
    ]


def longest_first(todo: list[Task], known: dict[str, Evidence]) -> list[Task]:
    """In the order in which workers end together: what took longest when last recorded, first.

    What was never recorded may be the longest of all.
    """
    took = {key: record.seconds for key, record in known.items()}
    return sorted(todo, key=lambda task: -took.get(task.run.key, math.inf))


def worth_keeping(new: Evidence, old: Evidence | None) -> bool:
    """Whether a new record may replace the old: what could not run does not replace what ran."""
    return old is None or new.verdict != Verdict.NOT_RUN or old.verdict == Verdict.NOT_RUN
