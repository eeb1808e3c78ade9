"""A new challenge from the scaffold, and CONTRIBUTING's recipe, followed line by line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.checking import check_challenges, check_settings
from generator.making.challenge import new_challenge
from generator.records import Store
from generator.trial import mutants
from generator.yamlfile import BadFile
from tests.challenges.test_kernel_tests import FEWEST_HONEST, FEWEST_MUTANTS

ROOT = Path(__file__).resolve().parents[2]


def recipe() -> list[str]:
    """The lines of the block that CONTRIBUTING marks as the recipe."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(
        r"<!-- recipe:begin -->\n```sh\n(.*?)```\n<!-- recipe:end -->", text, re.DOTALL
    )
    assert found
    return found[1].splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the recipe needs, one small challenge included."""
    ignored = shutil.ignore_patterns("__pycache__")
    challenges = [f"challenges/{name}" for name in ("backwards", "driving", "judging")]
    for name in ("generator", *challenges, "docs/records/published", "docs/assets"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    files = ("pyproject.toml", "README.md", "mkdocs.yml")
    for name in ("challenges/__init__.py", "challenges/kit.py", *files):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests" / "challenges").mkdir(parents=True)
    return tmp_path


def test_the_scaffold_passes_check(checkout: Path) -> None:
    """Its files are complete and agree with each other; its name is everywhere it must be."""
    written = new_challenge(checkout, "my_task")
    assert checkout / "tests" / "challenges" / "test_my_task.py" in written
    assert not any("SLUG" in path.read_text() for path in written)
    assert check_challenges(checkout) == []
    assert check_settings(checkout, Store(checkout / "records")) == []


@pytest.mark.parametrize("slug", ["aa", "my_task", "zz_a_task_with_quite_a_long_name"])
def test_the_scaffold_is_as_lint_wants_it(tmp_path: Path, slug: str) -> None:
    """Whatever its name, a new challenge leaves `make lint` as it was."""
    new_challenge(tmp_path, slug)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "challenges", "tests"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_the_scaffold_is_as_strong_as_a_challenge_must_be(tmp_path: Path) -> None:
    """As many mutants and honest variants as the tests ask of every challenge; each is killed."""
    new_challenge(tmp_path, "scaffolded_task")
    for name in ("__init__.py", "kit.py", "judging", "driving"):
        copy = shutil.copytree if (ROOT / "challenges" / name).is_dir() else shutil.copy
        copy(ROOT / "challenges" / name, tmp_path / "challenges" / name)
    folder = tmp_path / "challenges" / "scaffolded_task"
    assert len(mutants(folder)) >= FEWEST_MUTANTS
    assert len(list((folder / "honest").glob("*.py"))) >= FEWEST_HONEST
    done = subprocess.run(
        [sys.executable, "-m", "generator.trial", str(folder), "1"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("slug", ["My_Task", "class", "a-b", "", "../x", "1st"])
def test_names_that_no_module_can_have_are_refused(tmp_path: Path, slug: str) -> None:
    """The name is that of a Python package."""
    with pytest.raises(BadFile, match="Python identifier"):
        new_challenge(tmp_path, slug)


def test_an_existing_challenge_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written over, not even a lone test."""
    (tmp_path / "tests" / "challenges").mkdir(parents=True)
    (tmp_path / "tests" / "challenges" / "test_kv.py").write_text("mine")
    with pytest.raises(BadFile, match="exists already"):
        new_challenge(tmp_path, "kv")
    assert not (tmp_path / "challenges").exists()


@pytest.mark.slow
def test_the_recipe_in_contributing_works_as_it_stands(checkout: Path) -> None:
    """Every line, in a fresh checkout: the new challenge ends up with a verdict and a page."""
    (checkout / ".venv").symlink_to(Path(sys.executable).parent.parent)
    for line in recipe():
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=checkout,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stdout[-2000:], done.stderr[-2000:])
    evidence = Store(checkout / "docs" / "records").evidence()["my-model/my_task"]
    assert evidence.verdict == "passed", evidence.summary
    assert (checkout / "docs" / "challenges" / "my_task.md").exists()
