"""A build that is killed at any moment costs nothing but what it was at: the next one completes it.

A failure prints its seed; `KILL_SEED=... pytest -m slow tests/test_killed.py` draws it again.
"""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.making.challenge import new_challenge

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
BUILD = ("build", "--no-site", "--no-judge", "--seed", "1", "--workers", "2")
OUTPUTS = {"mean": "x - x.mean(axis=-1, keepdims=True)", "all": "x - x.mean()", "none": "x"}
# Ends its whole process group in the worst moment there is: a file is written and not yet in place.
KILLED_AT_A_WRITE = """
import os, pathlib, runpy, signal, sys
left = int(sys.argv.pop(1))
in_place = pathlib.Path.replace
def replace(path, target):
    global left
    left -= 1
    if not left:
        os.killpg(0, signal.SIGKILL)
    return in_place(path, target)
pathlib.Path.replace = replace
runpy.run_module("generator", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Undisturbed:
    """A build that nobody disturbed: where it began, what came of it, what it took."""

    start: Path
    end: Path
    seconds: float

    @property
    def writes(self) -> int:
        """How many files it wrote."""
        return len(set(files(self.end)) - set(files(self.start))) + 1  # README.md was there


def files(root: Path) -> dict[str, bytes]:
    """Every file that a build may write, by its path."""
    found = [root / "README.md", *(p for p in (root / "docs").rglob("*") if p.is_file())]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def records(root: Path) -> dict[str, Any]:
    """The evidence, without times."""
    folder = root / "docs" / "records" / "evidence"
    return {
        str(p.relative_to(folder)): timeless(json.loads(p.read_bytes()))
        for p in folder.rglob("*.json")
    }


def timeless(value: Any) -> Any:
    """A record without the fields that a clock fills."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in {"seconds", "made_at"}}
    return [timeless(v) for v in value] if isinstance(value, list) else value


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the generator's that is left to finish."""
    done = subprocess.run(
        [sys.executable, "-m", "generator", *command],
        cwd=root, env=environment(root), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def environment(root: Path) -> dict[str, str]:
    """With a folder for temporary files beside the project."""
    return os.environ | {"TMPDIR": str(scratch(root)), "OPENBLAS_NUM_THREADS": "1"}


def scratch(root: Path) -> Path:
    """Where processes of this project put their temporary files."""
    folder = root.with_name(f"{root.name}-tmp")
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A project with three small runs, and what a build makes of it."""
    start = tmp_path_factory.mktemp("killed") / "start"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("generator", "docs/assets"):
        shutil.copytree(ROOT / name, start / name, ignore=ignored)
    (start / "challenges").mkdir()
    for name in ("challenges/__init__.py", "challenges/kit.py", "README.md", "ranking.yaml"):
        shutil.copy(ROOT / name, start / name)
    new_challenge(start, "rows")
    for model, source in OUTPUTS.items():
        (start / model / "rows").mkdir(parents=True)
        (start / model / "rows" / "answer.py").write_text(f"def centre(x):\n    return {source}\n")
    end = start.with_name("end")
    shutil.copytree(start, end)
    began = time.monotonic()
    run(end, *BUILD)
    return Undisturbed(start, end, time.monotonic() - began)


@pytest.fixture
def project(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """A project that nothing was built in yet."""
    shutil.copytree(undisturbed.start, tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def draw() -> random.Random:
    """Random numbers; their seed is printed, and pytest shows that if the test fails."""
    seed = int(os.environ.get("KILL_SEED") or secrets.randbits(32))
    print(f"KILL_SEED={seed}")  # noqa: T201
    return random.Random(seed)  # noqa: S311 - moments, not keys


def completed(project: Path, undisturbed: Undisturbed) -> None:
    """Assert that a second build makes of what is there what the undisturbed build made."""
    whole = records(project)
    said = run(project, *BUILD).stdout
    made, reused = map(int, re.search(r"records: (\d+) made, (\d+) reused", said).groups())
    assert (made, reused) == (len(OUTPUTS) - len(whole), len(whole))
    assert records(project) == records(undisturbed.end)
    assert files(project).keys() == files(undisturbed.end).keys()
    assert not [*scratch(project).iterdir(), *project.rglob(".*.tmp")]
    built = files(project)
    fresh = project.with_name("fresh")
    shutil.copytree(undisturbed.start, fresh)
    shutil.copytree(project / "docs" / "records", fresh / "docs" / "records", dirs_exist_ok=True)
    run(fresh, "render")
    assert built == files(fresh)


@pytest.mark.parametrize("attempt", range(10))
def test_killed_at_a_random_time(
    attempt: int, project: Path, undisturbed: Undisturbed, draw: random.Random
) -> None:
    """Records made before are used; pages and records are those of a build that was left alone."""
    build = subprocess.Popen(
        [sys.executable, "-m", "generator", *BUILD],
        cwd=project, env=environment(project), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(draw.uniform(0, undisturbed.seconds))
    os.killpg(build.pid, signal.SIGKILL)
    build.wait()
    completed(project, undisturbed)


@pytest.mark.parametrize("attempt", range(10))
def test_killed_while_a_file_is_written(
    attempt: int, project: Path, undisturbed: Undisturbed, draw: random.Random
) -> None:
    """The file as it was stays whole, what was meant for its place is removed by the next build."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_A_WRITE, str(draw.randint(1, undisturbed.writes)), *BUILD],
        cwd=project, env=environment(project), start_new_session=True, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert list(project.rglob(".*.tmp"))
    completed(project, undisturbed)
