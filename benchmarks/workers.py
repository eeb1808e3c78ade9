"""Verification of one corpus by one worker, by two, and by two of Ray's, in turn."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.record import Workers
from benchmarks.session import Session
from benchmarks.stages import ROUNDS, Step, stage, verify_command
from generator.discover import corpus

WORKERS = {"local, 1": ("1",), "local, 2": ("2",), "ray, 2": ("2", "--engine", "ray")}


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
        if name.startswith("ray") and not find_spec("ray"):
            session.left_out.append("Ray (not installed)")
            continue
        options = ("--force", "--workers", count, *more)
        cost = session.attempt(name, partial(by_worker, name, root, options, session.step))
        found |= {name: cost} if cost else {}
    return found


def by_worker(name: str, root: Path, options: tuple[str, ...], step: Step) -> Workers:
    """The cost of verifying all runs, and one of them alone, with these options."""
    first = next(iter(corpus(root).runs))
    one = stage(f"verify one run, {name}", verify_command(first, *options), root, step)
    return Workers(whole=stage(f"verify, {name}", verify_command(*options), root, step), one=one)
