"""Removing what a case left behind, however deep it is and whoever may list it."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a folder and all below it, as far as the system lets us; never raises.

    Folders are lifted to the top, one level at a time: a case can nest them deeper than a path or
    Python's stack reaches, and can make them so that nobody may list them. A link is left alone,
    as is what it points to. Whoever could swap a folder for a link meanwhile must be gone.
    """
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return
        names = (folder / f"lifted-{number}" for number in itertools.count())
        folder.chmod(0o700)
        while entries := _listed(folder):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _empty(Path(entry.path), names)
                else:
                    os.unlink(entry.path)
        folder.rmdir()


def _empty(folder: Path, names: Iterator[Path]) -> None:
    """Remove a folder, the folders in it moved to these names. Raises OSError."""
    folder.chmod(0o700)
    for entry in _listed(folder):
        if entry.is_dir(follow_symlinks=False):
            os.chmod(entry.path, 0o700)  # moving a folder writes to it
            os.rename(entry.path, next(n for n in names if not os.path.lexists(n)))
        else:
            os.unlink(entry.path)
    folder.rmdir()


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)
