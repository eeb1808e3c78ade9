"""Write files so that nothing is ever half-written, and nothing is touched that has not changed."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.leftovers import beside


def given(path: Path) -> bool:
    """Whether a file is meant to be there: a link that leads nowhere is a mistake, not nothing."""
    return os.path.lexists(path)


def plain(path: Path) -> Path:
    """The path, unless what is there is no file that ends; raises OSError for a pipe or a device.

    A folder, or nothing, is left for whoever opens it to name.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return path


def write(path: Path, content: str | bytes) -> bool:
    """Put `content` at `path` through a temporary file; False if it was there already.

    Raises OSError with its name (a full disk, say), and then the old file is still whole.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return False
    with naming(path):
        _replace(path, data)
    return True


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A folder to fill, which takes this name once it is filled: it is there whole or not at all.

    Raises OSError with this name.
    """
    with naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as scratch:
            made = Path(scratch) / folder.name
            yield made
            made.rename(folder)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError that is raised inside name this file.

    That of a full disk names no file, and others name the temporary copy.
    """
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, lock = beside(path)
    try:
        temporary.write_bytes(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
    finally:
        os.close(lock)


def remove_others(folder: Path, kept: Collection[Path]) -> int:
    """Remove the files below `folder` but those kept and hidden ones; how many. Raises OSError.

    Folders that are left empty go too, up to `folder` itself.
    """
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    gone = [file for file in files if file not in kept and not file.name.startswith(".")]
    for file in gone:
        file.unlink()
        for parent in file.parents:
            if parent == folder.parent or any(parent.iterdir()):
                break
            parent.rmdir()
    return len(gone)
