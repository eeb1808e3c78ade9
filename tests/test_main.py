"""What `python -m generator` says where it was installed away from its challenges."""

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
