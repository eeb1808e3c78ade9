"""The one folder of the host that a sandbox can see: private copies of runs, and a scratch folder.

Only regular files and folders are copied: no symbolic link is followed, no device opened, so no
link leads out. Only what a run lists among its files is copied, since readers see no other and no
digest covers another. Where that is more than the cap, source and small files are copied, and what
is left out is told.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from generator.sandbox.removal import remove
from generator.storedrun import (
    CODE,
    IGNORED_FOLDERS,
    printable,
    run_files,
    unfit,
    walk,
)

BYTES_CAP = 512 * 10**6
TOLD = 3


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
    """Copy the folder's regular files, up to the caps, to `target`, which must not exist.

    Raises OSError where they cannot be copied (a full disk, say): no case is judged by half a file.
    """
    source = folder.resolve()
    for place, _ in walk(source, IGNORED_FOLDERS):
        made = target / place.relative_to(source)
        made.mkdir()
        made.chmod(0o755)
    for file in _sorted_out(source)[0]:
        copied = target / file.relative_to(source)
        with contextlib.suppress(FileNotFoundError):  # it may be gone by now
            shutil.copyfile(file, copied)
            copied.chmod(0o644)


def left_out(folder: Path) -> str:
    """Which files of a folder no case is shown, with the reasons; the empty string if all are."""
    left = _sorted_out(folder.resolve())[1]
    more = f" and {len(left) - TOLD:,} more" if len(left) > TOLD else ""
    return f"left out of the sandbox: {', '.join(left[:TOLD])}{more}" if left else ""


def _sorted_out(source: Path) -> tuple[list[Path], list[str]]:
    """The files to copy, and those that are not, each with the reason.

    Source comes first and then what is small, so that a large file keeps none but itself out.
    """
    sizes: dict[Path, int] = {}
    left = []
    for file in run_files(source)[0]:
        if why := unfit(file, str(file.relative_to(source))) or _unreadable(file):
            left.append((file, why))
        else:
            sizes[file] = file.stat().st_size
    kept: list[Path] = []
    total = 0
    for file, size in sorted(sizes.items(), key=lambda item: (item[0].suffix not in CODE, item[1])):
        if total + size <= BYTES_CAP:
            kept.append(file)
            total += size
        else:
            left.append((file, f"{size:,} bytes"))
    told = [f"{printable(str(file.relative_to(source)))} ({why})" for file, why in sorted(left)]
    return kept, told


def _unreadable(file: Path) -> str:
    return "" if os.access(file, os.R_OK) else "not readable"


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every file, to notice edits between two cases."""
    found = []
    for place, names in walk(folder, IGNORED_FOLDERS):
        for file in (place / name for name in names):
            stat = file.lstat()
            found.append((str(file), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))
