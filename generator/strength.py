"""How strong the kernel tests are: mutants killed, honest variants rejected, per challenge."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import track

from generator.data import Challenge, Strength
from generator.discover import load_challenges
from generator.engines.machine import cores
from generator.files import write
from generator.records import Store
from generator.trial import Outcome, one_seed, trial
from generator.yamlfile import BadFile, read_yaml

STRENGTH = "strength.json"
PARTS = [
    ("PROMPT.md",),
    ("reference.py",),
    ("kernel_tests.py",),
    ("drive.py", "drive/drive.py"),
    ("mutants.yaml",),
]
STDERR = Console(stderr=True)


def check_files(root: Path, store: Store) -> list[str]:
    """Problems in challenges and records; raises BadFile for a malformed challenge."""
    problems = []
    for slug, challenge in load_challenges(root / "challenges").items():
        problems += [f"challenges/{slug}/challenge.yaml: {p}" for p in inconsistencies(challenge)]
        folder = root / "challenges" / slug
        problems += [
            f"challenges/{slug}: {' or '.join(names)} is missing"
            for names in PARTS
            if not any((folder / name).exists() for name in names)
        ]
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
    found = outcomes([challenges[slug] for slug in chosen], root, seeds)
    # Where none could be tried (CUDA without a GPU), the record stays as it is.
    rows = [row(slug, found[slug], seeds) for slug in chosen if found[slug]]
    path = store.folder / STRENGTH
    kept = {r["challenge"]: r for r in (read_yaml(path) if path.exists() else [])}
    kept |= {r.challenge: r.model_dump() for r in rows}
    write(path, json.dumps([kept[slug] for slug in challenges if slug in kept], indent=1) + "\n")
    return rows


def outcomes(chosen: list[Challenge], root: Path, seeds: int) -> dict[str, list[Outcome]]:
    """Every trial of some challenges: on the CPU a seed a task, on the GPU one after the other."""
    found: dict[str, list[Outcome]] = {challenge.slug: [] for challenge in chosen}
    jobs = [(c, seed) for c in chosen if c.runtime != "cuda" for seed in range(seeds)]
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
        running = {pool.submit(seed_outcomes, c, root, seed): c.slug for c, seed in jobs}
        for done in track(as_completed(running), "mutants", total=len(jobs), console=STDERR):
            found[running[done]] += done.result()
    for challenge in chosen:
        if challenge.runtime == "cuda":
            found[challenge.slug] = list(trial(challenge, root, seeds))
    return found


def seed_outcomes(challenge: Challenge, root: Path, seed: int) -> list[Outcome]:
    """All outcomes of one seed, for a process of its own. Mutants divide by zero: no warnings."""
    warnings.simplefilter("ignore")
    return list(one_seed(challenge, root, seed))


def row(slug: str, found: list[Outcome], seeds: int) -> Strength:
    """One challenge's row. An implementation counts as killed or accepted only on every seed."""
    bad = {o.name for o in found if not o.as_expected}
    mutants = {o.name for o in found if o.must_fail}
    honest = {o.name for o in found if not o.must_fail}
    return Strength(
        challenge=slug,
        seeds=seeds,
        mutants=len(mutants),
        killed=len(mutants - bad),
        honest=len(honest),
        rejected=len(honest & bad),
        survivors=tuple(sorted(bad)),
    )
