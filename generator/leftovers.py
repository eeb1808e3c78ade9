"""Temporary files and folders, and how to tell those of a process that was killed.

Each is locked by the process that made it, for as long as it needs it. A lock ends with its
process, however that ends, so what is there and not locked was left behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

PREFIX = "kernel-bench-"
SUFFIX = ".tmp"


def held(make: Callable[[], Path]) -> tuple[Path, int]:
    """What `make` makes anew, and the descriptor whose lock keeps it until it is closed."""
    while True:
        path = make()
        with suppress(FileNotFoundError):  # removed as abandoned before it was locked: once more
            handle = os.open(path, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists():
                return path, handle
            os.close(handle)


def beside(path: Path) -> tuple[Path, int]:
    """A temporary file beside `path`, and its lock."""

    def made() -> Path:
        handle, temporary = tempfile.mkstemp(SUFFIX, f".{path.name}.", path.parent)
        os.close(handle)
        return Path(temporary)

    return held(made)


def own_folder() -> tuple[Path, int]:
    """A folder for a process's temporary files, and its lock; other users may pass, not list."""

    folder, lock = held(lambda: Path(tempfile.mkdtemp(prefix=PREFIX)))
    folder.chmod(0o711)  # not before it is locked: another process may be sweeping
    return folder, lock


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed processes left anywhere below `folder`."""
    for place, _, names in os.walk(folder):
        remove_abandoned(
            Path(place, name) for name in names if name.startswith(".") and name.endswith(SUFFIX)
        )


def sweep_folders() -> None:
    """Remove the temporary folders that killed processes left."""
    remove_abandoned(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def remove_abandoned(paths: Iterable[Path]) -> None:
    """Remove the paths that no process holds. What is not ours to open is left alone."""
    for path in paths:
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            finally:
                os.close(handle)
