"""The one folder of the host that a sandbox can see: private copies of runs, and a scratch folder.

Only regular files and folders are copied: no symbolic link is followed, no device opened, so no
link leads out. Bytecode folders are left out; what runs is the source.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from generator.sandbox.removal import remove

FILES_CAP = 2000
BYTES_CAP = 512 * 10**6
SKIPPED = frozenset({"__pycache__", ".git"})


class Stage:
    """A temporary folder with `files` (read only to cases) and `scratch` (a script's own)."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sandbox-")).resolve()
        self.root.chmod(0o711)  # other users may pass, not list
        self._files = self.root / "files"
        for folder in (self._files, self.root / "scratch"):
            folder.mkdir()
            folder.chmod(0o755)
        self._shown: object = None

    def show(self, folder: Path) -> Path:
        """The copy of this folder, made again when another was shown or a file changed."""
        target = self._files / "run"
        state = (folder.resolve(), _state(folder))
        if state != self._shown:
            self._shown = None
            shutil.rmtree(target, ignore_errors=True)
            copy(folder, target)
            self._shown = state
        return target

    def close(self) -> None:
        """Remove the folder and all in it."""
        remove(self.root)


def copy(folder: Path, target: Path) -> None:
    """Copy the folder's regular files, up to the caps, to `target`, which must not exist."""
    source = folder.resolve()
    files = total = 0
    for here, folders, names in os.walk(source):
        place = Path(here)
        folders[:] = [n for n in folders if n not in SKIPPED and not (place / n).is_symlink()]
        made = target / place.relative_to(source)
        made.mkdir()
        made.chmod(0o755)
        for file in (place / name for name in names):
            if file.is_symlink() or not file.is_file():
                continue
            files, total = files + 1, total + file.stat().st_size
            if files > FILES_CAP or total > BYTES_CAP:
                return
            with contextlib.suppress(OSError):  # what we may not read, the output goes without
                shutil.copyfile(file, made / file.name)
                (made / file.name).chmod(0o644)


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every file, to notice edits between two cases."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for file in (Path(here, name) for name in names):
            stat = file.lstat()
            found.append((str(file), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))
