"""Synthetic corpora: whole project roots of any size, in which every run is really verified.

A corpus has the shipped challenges that need NumPy and a CPU alone, each a number of times under
names of their own and cut down to a few cases. Runs are made by benchmarks/outputs.py from what
those challenges ship. Nothing of it is anybody's output, and none of it is stored.
"""

from __future__ import annotations

import inspect
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.judge_server import JUDGES
from benchmarks.outputs import output, variants
from generator.data import Challenge
from generator.discover import load_challenges
from generator.files import write

PROJECT = Path(__file__).resolve().parent.parent
SHARED = (
    *("generator", "docs/guide", "docs/assets"),
    *(f"challenges/{name}" for name in ("__init__.py", "kit.py", "driving", "judging")),
    *("mkdocs.yml", "ranking.yaml", "judges.yaml", "README.md"),
)
SEED = 1  # of every input: that a mutant's few cases reject it is known for this one


def few(cases: Sequence[Any]) -> list[Any]:
    """The first case of each of the first four checks."""
    first: dict[str, Any] = {}
    for case in cases:
        first.setdefault(case.check, case)
    return list(first.values())[:4]


# Goes to the end of a copied kernel_tests.py.
TAIL = f"""

all_cases = cases


{inspect.getsource(few)}

def cases(seed: int) -> list[Case]:
    return few(all_cases(seed))
"""


def shape(runs: int) -> tuple[int, int]:
    """Models and challenges for so many runs: as nearly square as it goes, never more models."""
    models = max(n for n in range(1, math.isqrt(runs) + 1) if runs % n == 0)
    return models, runs // models


def make(root: Path, runs: int) -> dict[str, bool]:
    """Write a corpus below `root`; whether each run must pass, by `model/challenge`.

    Raises BadFile if a shipped challenge is malformed.
    """
    models, challenges = shape(runs)
    copy(root, *SHARED)
    with (root / "judges.yaml").open("a", encoding="utf-8") as file:
        file.write(JUDGES)
    shipped = bases()
    made_of = {slug: variants(c, PROJECT, few, SEED) for slug, c in shipped.items()}
    slugs = list(clones(root, list(shipped), challenges))
    expected: dict[str, bool] = {}
    for m in range(models):
        model = f"model_{m:03}"
        write(root / model / "model.yaml", f"name: Model {m:03}\nprovider: Benchmark\n")
        for slug, base in slugs:
            key = f"{model}/{slug}"
            expected[key] = output(root, key, len(expected), made_of[base])
    return expected


def copy(root: Path, *names: str) -> None:
    """Copy files and folders of this project to the same places below `root`."""
    for name in names:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, target)


def bases() -> dict[str, Challenge]:
    """The shipped challenges that need NumPy and a CPU alone."""
    found = load_challenges(PROJECT / "challenges")
    return {slug: challenge for slug, challenge in found.items() if challenge.runtime == "numpy"}


def clones(root: Path, names: list[str], count: int) -> Iterator[tuple[str, str]]:
    """Write so many challenges, the shipped ones in turn; each one's slug and what it was."""
    for number in range(count):
        base = names[number % len(names)]
        slug = f"{base}_{number:03}"
        clone(base, root / "challenges" / slug, number)
        yield slug, base


def clone(base: str, folder: Path, number: int) -> None:
    """Write a shipped challenge under another name, its title numbered, with few of its cases."""
    copied = PROJECT / "challenges" / base
    shutil.copytree(copied, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        text = text.replace(f"challenges.{base}", f"challenges.{folder.name}")
        write(file, text + TAIL if file.name == "kernel_tests.py" else text)
    about = folder / "challenge.yaml"
    title, rest = about.read_text(encoding="utf-8").split("\n", 1)
    write(about, f"{title} {number:03}\n{rest}")
