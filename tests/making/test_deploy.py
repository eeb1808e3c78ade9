"""Folders for a new model: prompts byte for byte, nothing overwritten, the script's old name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.data import Provenance
from generator.discover import corpus, load_challenges
from generator.making.deploy import GUIDE, deploy, guide
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two challenges, one of which has data."""
    for slug in ("kv", "backwards"):
        shutil.copytree(ROOT / "challenges" / slug, tmp_path / "challenges" / slug)
    data = tmp_path / "challenges" / "kv" / "data"
    data.mkdir()
    (data / "text.bin").write_bytes(b"\r\n\0")
    return tmp_path


def test_prompts_and_data_are_laid_out_byte_for_byte(root: Path) -> None:
    """What a model is given is what the challenge holds; the model is found at once."""
    folders = deploy(root, "new-1", [])
    assert {f.name for f in folders} == {"kv", "backwards"}
    for folder in folders:
        given = (root / "challenges" / folder.name / "PROMPT.md").read_bytes()
        assert (folder / "PROMPT.md").read_bytes() == given
    assert (root / "new-1" / "kv" / "data" / "text.bin").read_bytes() == b"\r\n\0"
    assert corpus(root).models["new-1"].provenance is Provenance.ORIGINAL


def test_nothing_is_overwritten_and_nothing_half_written(root: Path) -> None:
    """One folder that is there stops all of them."""
    deploy(root, "new-1", ["kv"])
    (root / "new-1" / "kv" / "PROMPT.md").write_text("mine")
    with pytest.raises(BadFile, match="new-1/kv: exists already"):
        deploy(root, "new-1", [])
    assert not (root / "new-1" / "backwards").exists()
    assert (root / "new-1" / "kv" / "PROMPT.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".git", "generator", "docs", "a b"])
def test_names_that_are_no_folder_for_a_model_are_refused(root: Path, name: str) -> None:
    """Folders of the project and ways out of it cannot be named."""
    with pytest.raises(BadFile, match="not a name"):
        deploy(root, name, [])


def test_an_unknown_challenge_is_named_with_those_there_are(root: Path) -> None:
    """The message is what is needed to mend the command."""
    with pytest.raises(BadFile, match=r"nothing: no such challenge .*backwards, kv"):
        deploy(root, "new-1", ["nothing"])


def test_the_guide_covers_every_challenge_easiest_first() -> None:
    """Every difficulty that a challenge can have is explained."""
    challenges = load_challenges(ROOT / "challenges")
    lines = "\n".join(guide(list(challenges.values())))
    assert all(slug in lines for slug in challenges)
    assert {c.difficulty for c in challenges.values()} <= set(GUIDE)


def test_the_script_passes_its_arguments_on() -> None:
    """`deploy_challenges.sh -n NAME` is `python -m generator deploy -n NAME`."""
    done = subprocess.run(
        ["sh", str(ROOT / "deploy_challenges.sh"), "-n", "../up"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{Path(__import__('sys').executable).parent}:/usr/bin:/bin"},
    )
    assert done.returncode == 2 and "not a name for a model's folder" in done.stderr, done.stderr


def test_the_script_says_what_to_run_first(tmp_path: Path) -> None:
    """Where the packages are missing: one line, not a traceback."""
    script = tmp_path / "deploy_challenges.sh"
    shutil.copy(ROOT / "deploy_challenges.sh", script)
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')  # without site-packages
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", str(script), "-n", "m"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{python.parent}:/usr/bin:/bin"},
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"{script}: {done.stderr.strip().partition(': ')[2]}"]
    assert "make site" in done.stderr


def test_a_deployed_folder_is_a_run_without_output(root: Path) -> None:
    """A prompt alone means that the model was asked and gave nothing."""
    deploy(root, "new-1", ["kv"])
    run = corpus(root).runs["new-1/kv"]
    assert {a.path for a in run.artifacts} == {"PROMPT.md", "data/text.bin"}
