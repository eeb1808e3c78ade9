"""The theme's successor reads the same files: a report on whether it makes the same pages."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


def test_zensical_makes_the_same_pages(site: Path, tmp_path: Path) -> None:
    """Where it is installed it builds the site; pages that only one of them makes are a warning."""
    program = shutil.which("zensical")
    if program is None:
        pytest.skip("zensical is not installed (pip install zensical)")
    shutil.copytree(site.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("site"))
    subprocess.run([program, "build"], cwd=tmp_path / "copy", check=True, timeout=300)
    ours, theirs = (
        {file.relative_to(root).as_posix() for file in root.rglob("index.html")}
        for root in (site, tmp_path / "copy" / "site")
    )
    if ours != theirs:
        warnings.warn(f"only one of the two makes: {sorted(ours ^ theirs)}", stacklevel=1)
    assert theirs
