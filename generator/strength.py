"""How strong the kernel tests are: mutants killed, honest variants rejected, per challenge."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection
from concurrent.futures import as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import track

from generator.data import Challenge, Strength
from generator.discover import choose, load_challenges
from generator.engines.machine import cores
from generator.engines.pool import processes
from generator.files import write
from generator.records import Store
from generator.trial import Outcome, one_seed, trial

STRENGTH = "strength.json"
STDERR = Console(stderr=True)


def check_mutants(root: Path, store: Store, seeds: int, only: Collection[str]) -> list[Strength]:
    """Run every trial and record the table; the rows of the challenges that were tried.

    only: the challenges to try; all if none is named.
    """
    every = load_challenges(root / "challenges")
    challenges = choose(every, only)
    found = outcomes(list(challenges.values()), root, seeds)
    # Where none could be tried (CUDA without a GPU), the record stays as it is.
    rows = [row(slug, found[slug], seeds) for slug in challenges if found[slug]]
    kept = {r.challenge: r.model_dump() for r in (*store.strength(), *rows)}
    text = json.dumps([kept[slug] for slug in every if slug in kept], indent=1)
    write(store.folder / STRENGTH, text + "\n")
    return rows


def outcomes(tried: list[Challenge], root: Path, seeds: int) -> dict[str, list[Outcome]]:
    """Every trial of some challenges: on the CPU one task per seed, on the GPU one at a time."""
    found: dict[str, list[Outcome]] = {challenge.slug: [] for challenge in tried}
    jobs = [(c, seed) for c in tried if c.runtime != "cuda" for seed in range(seeds)]
    with processes(cores()) as pool:
        running = {pool.submit(seed_outcomes, c, root, seed): c.slug for c, seed in jobs}
        for done in track(as_completed(running), "mutants", total=len(jobs), console=STDERR):
            found[running[done]] += done.result()
    for challenge in tried:
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
