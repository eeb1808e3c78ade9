"""What of a run's folder its cases are shown, where that is not all of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from generator import storedrun
from generator.sandbox import stage
from generator.sandbox.removal import remove
from generator.sandbox.stage import copy, left_out
from generator.storedrun import load_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source in a sub-folder, notes, and a checkpoint; a cap of 1,000 bytes."""
    made = tmp_path / "run"
    (made / "src").mkdir(parents=True)
    (made / "src" / "kernel.py").write_bytes(b"#" * 500)
    (made / "notes.md").write_bytes(b"-" * 300)
    return made


@pytest.fixture(autouse=True)
def small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cap that a test can reach."""
    monkeypatch.setattr(stage, "BYTES_CAP", 1000)


def shown(folder: Path, tmp_path: Path) -> set[str]:
    """The files of the copy."""
    copy(folder, tmp_path / "copy")
    found = (tmp_path / "copy").rglob("*")
    return {str(path.relative_to(tmp_path / "copy")) for path in found if path.is_file()}


def test_a_file_too_large_keeps_out_only_itself(folder: Path, tmp_path: Path) -> None:
    """A checkpoint that comes first in its folder takes no place, and is told of."""
    (folder / "a.npz").write_bytes(bytes(5000))
    assert shown(folder, tmp_path) == {"src/kernel.py", "notes.md"}
    assert left_out(folder).startswith("left out of the sandbox: a.npz (5,000 bytes)")


def test_source_comes_before_many_small_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of code is copied though many smaller files come before it."""
    monkeypatch.setattr(storedrun, "LARGEST_RUN", 3)
    for number in range(20):
        (folder / f"{number}.txt").write_text("x")
    assert shown(folder, tmp_path) == {"src/kernel.py", "0.txt", "1.txt"}


def test_what_a_run_does_not_list_is_not_shown(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reader sees it and no digest covers it, so no case runs it."""
    monkeypatch.setattr(storedrun, "LARGEST_FILE", 800)
    for name in ("node_modules/k.py", ".venv/k.py", "behaviour.yaml", "a\nb/k.py", "large.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"#" * (900 if name == "large.py" else 1))
    listed = {artifact.path for artifact in load_run(folder, "m", "c").artifacts}
    assert shown(folder, tmp_path) == listed == {"src/kernel.py", "notes.md"}
    assert "b/k.py (its name is not printable text), large.py (900 bytes" in left_out(folder)


def test_nothing_is_told_where_all_is_copied(folder: Path, tmp_path: Path) -> None:
    """Bytecode is no loss: what runs is the source."""
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "kernel.pyc").write_bytes(bytes(5000))
    assert left_out(folder) == ""
    assert shown(folder, tmp_path) == {"src/kernel.py", "notes.md"}


def test_no_case_is_judged_by_half_a_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error of ours; a file that is gone meanwhile is none."""

    def full(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    def gone(source: Path, target: Path) -> None:
        raise FileNotFoundError(source)

    monkeypatch.setattr("shutil.copyfile", gone)
    assert shown(folder, tmp_path) == set()
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        copy(folder, tmp_path / "other")


def test_links_and_pipes_are_told_of(folder: Path, tmp_path: Path) -> None:
    """They are never copied, not even a link in a circle or one to a file inside."""
    (folder / "circle.py").symlink_to("circle.py")
    (folder / "inside.py").symlink_to("src/kernel.py")
    os.mkfifo(folder / "pipe")
    assert shown(folder, tmp_path) == {"src/kernel.py", "notes.md"}
    for told in ("circle.py (a link)", "inside.py (a link)", "pipe (not a plain file)"):
        assert told in left_out(folder)


def test_folders_nested_without_end_are_copied_so_far(folder: Path, tmp_path: Path) -> None:
    """Deeper than Python's stack: the first that is too deep is told of, and none below it."""
    place = str(folder)
    for _ in range(1500):
        place += "/d"
        os.mkdir(place)  # noqa: PTH102 - a Path made of as many parts takes its time
    assert shown(folder, tmp_path) == {"src/kernel.py", "notes.md"}
    assert left_out(folder).endswith("d/d (not a plain file)")
    remove(folder)
