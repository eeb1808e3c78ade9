"""What a case left behind is removed, whatever it is."""

from __future__ import annotations

import os
from pathlib import Path

from generator.sandbox.removal import remove


def test_folders_deeper_than_a_path_and_locked_ones_go(tmp_path: Path) -> None:
    """A chain of folders that cannot be named by one path, some of them not to be listed."""
    top, here = tmp_path / "run", Path.cwd()
    top.mkdir()
    try:
        os.chdir(top)
        for depth in range(1200):
            Path("kept").write_text("x")
            Path("below").mkdir(0o300 if depth % 2 else 0o700)
            os.chdir("below")
    finally:
        os.chdir(here)
    remove(top)
    assert not top.exists()


def test_what_a_link_points_to_stays(tmp_path: Path) -> None:
    """A link is removed, never followed; names in the way of lifted folders do not matter."""
    outside, top = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    (top / "a" / "b").mkdir(parents=True)
    (top / "lifted-0").write_text("in the way")
    (top / "a" / "link").symlink_to(outside)
    (outside / "kept").write_text("x")
    remove(top)
    assert not top.exists()
    assert (outside / "kept").read_text() == "x"


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    """Cleaning up twice is as good as once."""
    remove(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    """It is for whoever found it to unlink; what it points to stays, its mode included."""
    kept, left = tmp_path / "kept", tmp_path / "left"
    kept.mkdir(mode=0o750)
    (kept / "file").write_text("x")
    (left / "below").mkdir(parents=True)
    for link in (tmp_path / "link", left / "link", left / "below" / "link"):
        link.symlink_to(kept)
        remove(link)
    remove(left)
    assert (kept / "file").read_text() == "x"
    assert kept.stat().st_mode & 0o777 == 0o750
    assert not left.exists()
