"""How strong the kernel tests are: mutants killed, honest variants rejected, per challenge."""

from __future__ import annotations

import json
from pathlib import Path

from rich.progress import track

from generator.data import Challenge, Strength
from generator.discover import load_challenges
from generator.files import write
from generator.records import Store
from generator.trial import trial
from generator.yamlfile import BadFile, read_yaml

STRENGTH = "strength.json"


def check_files(root: Path, store: Store) -> list[str]:
    """Problems in challenges and records; raises BadFile for a malformed challenge."""
    problems = []
    for slug, challenge in load_challenges(root / "challenges").items():
        problems += [f"challenges/{slug}/challenge.yaml: {p}" for p in inconsistencies(challenge)]
        for name in ("PROMPT.md", "reference.py", "kernel_tests.py", "drive.py", "mutants.yaml"):
            if not (root / "challenges" / slug / name).exists():
                problems.append(f"challenges/{slug}: {name} is missing")
    store.evidence()
    return problems + store.problems


def inconsistencies(challenge: Challenge) -> list[str]:
    """Checks that name a group which does not exist."""
    return [
        f"checks.{name}.group: no group called {check.group!r}"
        for name, check in challenge.checks.items()
        if check.group not in challenge.groups
    ]


def check_mutants(root: Path, store: Store, seeds: int, only: list[str] | None) -> list[Strength]:
    """Run every trial and record the table; the rows of the challenges that were tried."""
    challenges = load_challenges(root / "challenges")
    chosen = only or list(challenges)
    unknown = [slug for slug in chosen if slug not in challenges]
    if unknown:
        raise BadFile(f"{unknown[0]}: no such challenge")
    rows = [row(challenges[slug], root, seeds) for slug in track(chosen, description="mutants")]
    rows = [
        r for r in rows if r.honest
    ]  # none could be tried here (CUDA without a GPU): keep the record
    path = store.folder / STRENGTH
    kept = {r["challenge"]: r for r in (read_yaml(path) if path.exists() else [])}
    kept |= {r.challenge: r.model_dump() for r in rows}
    write(path, json.dumps([kept[slug] for slug in challenges if slug in kept], indent=1) + "\n")
    return rows


def row(challenge: Challenge, root: Path, seeds: int) -> Strength:
    """One challenge's row. An implementation counts as killed or accepted only on every seed."""
    outcomes = list(trial(challenge, root, seeds))
    bad = {o.name for o in outcomes if not o.as_expected}
    mutants = {o.name for o in outcomes if o.must_fail}
    honest = {o.name for o in outcomes if not o.must_fail}
    return Strength(
        challenge=challenge.slug,
        seeds=seeds,
        mutants=len(mutants),
        killed=len(mutants - bad),
        honest=len(honest),
        rejected=len(honest & bad),
        survivors=tuple(sorted(bad)),
    )
