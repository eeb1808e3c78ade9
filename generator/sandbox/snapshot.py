"""Private copies of a run's folder, so that no link in it leads out and nobody's rights matter.

Only regular files and folders are copied: no symbolic link is followed, no device opened. The copy
is readable by everybody and belongs to us. Bytecode folders are left out; what runs is the source.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FILES_CAP = 2000
BYTES_CAP = 512 * 10**6
SKIPPED = frozenset({"__pycache__", ".git"})


def copy(folder: Path, target: Path) -> Path:
    """Copy the folder's regular files (up to the caps) to `target`, which must not exist."""
    target.mkdir(parents=True)
    os.chmod(target.parent, 0o755)
    files = total = 0
    for here, folders, names in os.walk(folder.resolve()):
        folders[:] = [
            n for n in folders if n not in SKIPPED and not os.path.islink(os.path.join(here, n))
        ]
        place = target / os.path.relpath(here, folder.resolve())
        place.mkdir(exist_ok=True, mode=0o755)
        for name in names:
            source = os.path.join(here, name)
            if os.path.islink(source) or not os.path.isfile(source):
                continue
            files, total = files + 1, total + os.path.getsize(source)
            if files > FILES_CAP or total > BYTES_CAP:
                return target
            shutil.copyfile(source, place / name)
            os.chmod(place / name, 0o644)
    return target


class Snapshots:
    """The copy of the folder in use; kept while the same folder is asked for and nothing changed."""

    def __init__(self) -> None:
        self._root: str | None = None
        self._state: object = None
        self._copy = Path()

    def of(self, folder: Path) -> Path:
        """The private copy of this folder, made again when the folder or its files changed."""
        state = (folder.resolve(), _state(folder))
        if self._root is None or state != self._state:
            self.close()
            self._root = tempfile.mkdtemp(prefix="run-")
            self._copy = copy(folder, Path(self._root) / "run").resolve()
            self._state = state
        return self._copy

    def close(self) -> None:
        """Remove the copy."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every file, to notice edits between two cases."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            stat = os.lstat(os.path.join(here, name))
            found.append((os.path.join(here, name), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))
