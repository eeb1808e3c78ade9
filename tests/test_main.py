"""What `python -m generator` says where it lacks its challenges or what it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_without_challenges_beside_it_one_line_says_so(tmp_path: Path) -> None:
    """An installed copy of the package does not act as if there were no challenges."""
    shutil.copytree(ROOT / "generator", tmp_path / "generator")
    done = subprocess.run(
        [sys.executable, "-m", "generator", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "no challenges/ beside generator/" in done.stderr


def test_a_python_without_our_requirements_is_told_what_to_run() -> None:
    """The system's Python has none of them: one line, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "generator", "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "make site" in done.stderr
