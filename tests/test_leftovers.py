"""Temporary files: those of a killed process are told from those in use, and removed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from generator import leftovers


def test_what_is_in_use_stays_and_what_was_left_goes(tmp_path: Path) -> None:
    """Closing the lock is what the end of a process does, however it ends."""
    (tmp_path / "deep").mkdir()
    kept, lock = leftovers.beside(tmp_path / "deep" / "kept.json")
    left, ended = leftovers.beside(tmp_path / "deep" / "left.json")
    os.close(ended)
    (tmp_path / ".other.tmp.json").touch()
    leftovers.sweep(tmp_path)
    assert {p.name for p in tmp_path.rglob("*")} == {"deep", kept.name, ".other.tmp.json"}
    assert not left.exists()
    os.close(lock)


def test_folders_that_were_left_go_with_all_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in one is not followed; folders of others are not touched."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    used, lock = leftovers.own_folder()
    left, ended = leftovers.own_folder()
    (left / "sandbox").mkdir()
    (left / "sandbox" / "link").symlink_to(outside)
    (tmp_path / "kernel-bench-link").symlink_to(outside)
    os.close(ended)
    leftovers.sweep_folders()
    assert used.exists()
    assert not left.exists()
    assert (outside / "file").exists()
    os.close(lock)


def test_what_is_removed_before_it_is_locked_is_made_again(tmp_path: Path) -> None:
    """Another process may sweep between the making and the locking."""
    made = []

    def make() -> Path:
        path = tmp_path / f"{len(made)}.tmp"
        path.touch()
        made.append(path)
        if len(made) == 1:
            path.unlink()
        return path

    path, lock = leftovers.held(make)
    assert path == made[1]
    os.close(lock)


def test_a_folder_that_another_process_sweeps_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers that start at once are no error of either."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real, made = tempfile.mkdtemp, list[str]()

    def swept_at_first(**options: str) -> str:
        made.append(real(**options))
        if len(made) == 1:
            leftovers.sweep_folders()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", swept_at_first)
    folder, lock = leftovers.own_folder()
    assert str(folder) == made[1]
    assert folder.stat().st_mode & 0o777 == 0o711
    os.close(lock)
