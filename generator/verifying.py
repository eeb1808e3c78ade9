"""Verify the runs whose records are not current, and keep each record as it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from rich.console import Console

from generator.data import Corpus, Evidence
from generator.leftovers import sweep, sweep_folders
from generator.options import Options, select
from generator.progress import progress
from generator.schedule import (
    Standing,
    longest_first,
    standing,
    standings,
    tasks,
    worth_keeping,
)

OTHER_SEEDS = (
    "note: --seed {seed} is not used for {count} runs, whose records of other seeds are current "
    "(--force makes them again)"
)


@dataclass
class Verified:
    """What a verification did: which records were made anew, were current, or could not be made.

    stayed: runs whose record is stale and stays so, since this machine cannot run them, and why.
    """

    corpus: Corpus
    reused: tuple[str, ...]
    made: list[str] = field(default_factory=list)
    stayed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    standings: dict[str, str] = field(default_factory=dict)


def verify_runs(
    options: Options,
    wanted: list[str],
    console: Console,
    meanwhile: Callable[[], object] | None = None,
) -> Verified:
    """Verify the named runs whose records are not current, with a progress bar. Raises BadFile.

    A run that is withheld for a secret in a name is an error of its own; the others go on.
    meanwhile: called in a thread while runs are verified, if any is.
    """
    found, store = options.corpus, options.store
    keys = select(found, wanted)
    sweep(store.folder)
    sweep_folders()
    known = store.evidence()
    before = standings(found, known, options.cache.digest)
    current = {key for key, (state, _) in before.items() if state is Standing.CURRENT}
    digests = {key: digest for key, (_, digest) in before.items()}
    todo = [key for key in keys if options.force or key not in current]
    done = Verified(found, () if options.force else tuple(k for k in keys if k in current))
    done.errors |= {k: why for k, why in found.withheld.items() if not wanted or among(k, wanted)}
    others = sum(known[key].seed != options.seed for key in done.reused)
    if others and options.seed is not None:
        console.print(OTHER_SEEDS.format(seed=options.seed, count=others), soft_wrap=True)
    jobs = tasks(found, todo, digests, seed=options.seed, accept_weak=options.accept_weak)
    if jobs and meanwhile:
        Thread(target=meanwhile, daemon=True).start()
    with progress(console, "verifying", len(jobs)) as advance:
        for task, result in options.engine.verify_all(longest_first(jobs, known)):
            keep(options, done, task.run.key, result)
            advance(task.run.key)
    now = store.evidence()
    done.standings.update({k: str(standing(now.get(k), d)) for k, d in digests.items()})
    return done


def among(key: str, wanted: list[str]) -> bool:
    """Whether `model` or `model/challenge` is one of the names, or below one."""
    return any(key == name or key.startswith(f"{name}/") for name in wanted)


def keep(options: Options, done: Verified, key: str, result: Evidence | str) -> None:
    """Keep the evidence on a run if it says more than what is there, and note what was done."""
    if isinstance(result, str):
        done.errors[key] = result
    elif worth_keeping(result, options.store.evidence().get(key)):
        options.store.save_evidence(result)
        done.made.append(key)
    else:
        done.stayed[key] = result.summary
