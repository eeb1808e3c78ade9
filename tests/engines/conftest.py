"""A small project: one challenge from the scaffold, and runs of which some kill their worker."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from generator.data import Evidence
from generator.discover import corpus
from generator.engines import Engine
from generator.making.challenge import new_challenge
from generator.schedule import standings, tasks
from generator.verify import Task

ROOT = Path(__file__).resolve().parents[2]
SLUG = "engine_rows"
OUTPUTS = {
    "right": "x - x.mean(axis=-1, keepdims=True)",
    "wrong": "x - x.mean()",
    "deadly": "0 * x + 666",
    "unlucky": "0 * x + 667",
}
# Stands for a flaw of ours that an output could reach: judging what came back ends the judge.
DEADLY = '''

judged = check


def check(case, got):
    """As above, but two outputs kill whoever judges them: one always, one the first time."""
    import os
    from pathlib import Path

    answer = float(np.ravel(got[0]["y"])[0])
    died = Path({died!r} + str(answer))
    if answer == 666 or (answer == 667 and not died.exists()):
        died.touch()
        os.kill(os.getpid(), 9)
    return judged(case, got)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's root with one run a model, each model named after what its output does."""
    root = tmp_path / "project"
    (root / "challenges").mkdir(parents=True)
    for name in ("__init__.py", "kit.py"):
        shutil.copy(ROOT / "challenges" / name, root / "challenges" / name)
    new_challenge(root, SLUG)
    with (root / "challenges" / SLUG / "kernel_tests.py").open("a") as tests:
        tests.write(DEADLY.format(died=str(tmp_path / "died")))
    for name, source in OUTPUTS.items():
        folder = root / name / SLUG
        folder.mkdir(parents=True)
        (folder / "answer.py").write_text(f"def centre_rows(x):\n    return {source}\n")
    return root


def todo(project: Path, *names: str, seed: int = 1) -> list[Task]:
    """Tasks for the runs of these models, in this order."""
    found = corpus(project)
    digests = {key: digest for key, (_, digest) in standings(found, {}).items()}
    return tasks(found, [f"{name}/{SLUG}" for name in names], digests, seed=seed)


def records(project: Path, engine: Engine, *names: str) -> dict[str, Any]:
    """By model: what of its record does not depend on machine and time, or the error."""
    return {
        task.run.model: result if isinstance(result, str) else timeless(result)
        for task, result in engine.verify_all(todo(project, *names))
    }


def timeless(evidence: Evidence) -> Any:
    """A record without what the clock and the machine had to do with."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in {"seconds", "made_at"}}
        return [without(v) for v in value] if isinstance(value, list) else value

    return without(evidence.model_dump(mode="json"))
