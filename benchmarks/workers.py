"""Verification of one corpus by one worker, by two, and by two of Ray's, in turn.

Once more by one that is held to a single core: what it starts in advance then costs it time, as it
does two workers on two cores.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.record import Workers
from benchmarks.session import Session
from benchmarks.stages import ROUNDS, Step, stage, verify_command
from generator.discover import corpus

HELD = "local, 1 held to one core"
WORKERS = {
    "local, 1": ("1",),
    HELD: ("1",),
    "local, 2": ("2",),
    "ray, 2": ("2", "--engine", "ray"),
}


def by_workers(session: Session, root: Path) -> dict[str, Workers]:
    """By engine and number of workers, the cost of verifying a corpus anew: the middle round's."""
    rounds = [one_round(session, root) for _ in range(ROUNDS)]
    return {
        name: middle([found[name] for found in rounds if name in found])
        for name in WORKERS
        if any(name in found for found in rounds)
    }


def middle(found: list[Workers]) -> Workers:
    """The one that took neither longest nor least beyond its start."""
    return sorted(found, key=lambda took: took.beyond_start)[len(found) // 2]


def one_round(session: Session, root: Path) -> dict[str, Workers]:
    """The cost for each, as far as it is installed and works."""
    found: dict[str, Workers] = {}
    for name, (count, *more) in WORKERS.items():
        if missing := absent(name):
            session.left_out.append(missing)
            continue
        options = ("--force", "--workers", count, *more)
        cost = session.attempt(name, partial(by_worker, name, root, options, session.step))
        found |= {name: cost} if cost else {}
    return found


def absent(name: str) -> str:
    """What is not installed of what a measurement needs; empty if all is there."""
    if name == HELD and not shutil.which("taskset"):
        return f"{HELD} (no taskset)"
    return "Ray (not installed)" if name.startswith("ray") and not find_spec("ray") else ""


def by_worker(name: str, root: Path, options: tuple[str, ...], step: Step) -> Workers:
    """The cost of verifying all runs, and one of them alone, with these options."""
    first = next(iter(corpus(root).runs))
    where = ("taskset", "-c", str(min(os.sched_getaffinity(0)))) if name == HELD else ()
    one = stage(f"verify one run, {name}", where + verify_command(first, *options), root, step)
    whole = stage(f"verify, {name}", where + verify_command(*options), root, step)
    return Workers(whole=whole, one=one)
