"""Import: folders come in untouched, with their digests, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from generator.importing import bring_in
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one challenge and no models."""
    shutil.copytree(ROOT / "challenges" / "backwards", tmp_path / "project/challenges/backwards")
    return tmp_path / "project"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A checkout with one model and a folder that is none."""
    run = tmp_path / "foreign" / "new-model" / "backwards"
    run.mkdir(parents=True)
    (run / "code.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "foreign" / "analysis").mkdir()
    return tmp_path / "foreign"


def test_an_import_copies_bytes_and_locks_digests(project: Path, foreign: Path) -> None:
    """Bytes are kept (line endings too), provenance is original, and the lock lists every file."""
    assert bring_in(str(foreign), project) == ["new-model"]
    assert (project / "new-model/backwards/code.py").read_bytes() == b"x = 1\r\n"
    assert "provenance: original" in (project / "new-model/model.yaml").read_text()
    lock = json.loads((project / "import.lock.json").read_text())
    assert list(lock["new-model/backwards"]["files"]) == ["code.py"]
    assert not (project / "analysis").exists()


def test_an_import_never_overwrites(project: Path, foreign: Path) -> None:
    """A second import of the same model stops before it copies anything."""
    bring_in(str(foreign), project)
    (project / "new-model/backwards/code.py").write_text("mine")
    with pytest.raises(BadFile, match="exists already"):
        bring_in(str(foreign), project)
    assert (project / "new-model/backwards/code.py").read_text() == "mine"


def test_a_git_revision_is_imported(project: Path, foreign: Path) -> None:
    """From a repository, the named revision comes in, not the work tree."""

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=foreign, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    first = git("rev-parse", "HEAD")
    (foreign / "new-model/backwards/code.py").write_text("x = 2\n")
    git("commit", "-qam", "second")
    bring_in(str(foreign), project, rev=first)
    assert (project / "new-model/backwards/code.py").read_bytes() == b"x = 1\r\n"


def test_a_folder_without_runs_is_refused(project: Path, tmp_path: Path) -> None:
    """Importing something that holds no run says so in one line."""
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BadFile, match="no folder here holds runs"):
        bring_in(str(tmp_path / "nothing"), project)


def state(project: Path) -> list[Path]:
    """Everything there is in a project, hidden files included."""
    return sorted(project.rglob("*"))


def test_what_cannot_be_copied_leaves_nothing_behind(project: Path, foreign: Path) -> None:
    """A pipe in the second of two folders: neither is there, nor a temporary one."""
    shutil.copytree(foreign / "new-model", foreign / "other-model")
    os.mkfifo(foreign / "other-model" / "pipe")
    before = state(project)
    with pytest.raises(BadFile, match=r"other-model/pipe: .*named pipe.*; nothing was imported"):
        bring_in(str(foreign), project)
    assert state(project) == before


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_broken_lock_is_named_before_anything_is_copied(
    content: bytes, project: Path, foreign: Path
) -> None:
    """It stays as it is, for a person to mend."""
    (project / "import.lock.json").write_bytes(content)
    before = state(project)
    with pytest.raises(BadFile, match=r"import\.lock\.json: .*; nothing was imported"):
        bring_in(str(foreign), project)
    assert state(project) == before
    assert (project / "import.lock.json").read_bytes() == content


def test_an_earlier_import_stays_in_the_lock(project: Path, foreign: Path) -> None:
    """A second one adds its runs."""
    bring_in(str(foreign), project)
    (foreign / "new-model").rename(foreign / "newer-model")
    bring_in(str(foreign), project)
    lock = json.loads((project / "import.lock.json").read_text())
    assert list(lock) == ["new-model/backwards", "newer-model/backwards"]


@pytest.mark.parametrize("name", ["new model", "x" * 70, "naïve"])
def test_names_that_no_model_can_have_are_refused(name: str, project: Path, foreign: Path) -> None:
    """The same that `deploy` refuses: addresses and commands are made of them."""
    (foreign / "new-model").rename(foreign / name)
    before = state(project)
    with pytest.raises(BadFile, match="not a name for a model's folder"):
        bring_in(str(foreign), project)
    assert state(project) == before


def test_a_file_is_no_source(project: Path) -> None:
    """What it is not is said, rather than what git makes of it."""
    with pytest.raises(BadFile, match=r"kit\.py: neither a folder nor a git repository"):
        bring_in(str(ROOT / "challenges" / "kit.py"), project)
