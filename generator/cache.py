"""What need not be worked out twice: digests of unchanged files, and secrets found in known bytes.

The cache may be deleted at any time: everything in it is worked out again, with the same result.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from generator.data import Record
from generator.files import plain, write

Stamp = tuple[int, int, int, int]
Finds = dict[str, int]
HERE = Path(__file__).resolve().parent
# What is kept depends on these files; what other versions of them kept is not used.
MADE_BY = (Path(__file__), HERE / "redact.py", HERE / "secret_rules.py")
# A file that changes twice within a tick of the clock looks unchanged after the second time, so one
# that had just changed when it was read is read again. FAT's clock, the slowest, ticks in 2 s.
TICK = 2_000_000_000


class Built(Record):
    """What the last build made: digests of what it was made of, of all pages and of the site.

    site: empty where no site was made of these pages. count: of pages. problems: what they are made
    without. faults: numbers without a source in judges' texts. A line each.
    """

    sources: str
    pages: str
    site: str = ""
    count: int
    problems: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class Kept(Record):
    """The cache as it is kept between commands.

    files: by path, its stamp and the SHA-256 of its content. finds: by kind of search, then by the
    SHA-256 of what was searched. built: what the last build made.
    """

    made_by: str
    built: Built | None = None
    files: dict[str, tuple[Stamp, str]] = Field(default_factory=dict)
    finds: dict[str, dict[str, Finds]] = Field(default_factory=dict)


class Cache:
    """Digests of files, and finds by digest.

    file: where it is kept; nowhere if None. rehash: believe nothing that was kept.
    """

    def __init__(self, file: Path | None = None, *, rehash: bool = False):
        self._file, self._started, version = file, time.time_ns(), _version()
        self._old = _load(file, version) if file and not rehash else Kept(made_by=version)
        self._used = Kept(made_by=version)

    def digest(self, path: Path) -> str:
        """The SHA-256 of a file, in hex; it is read only if it may have changed. Raises OSError."""
        now = stamp(path)
        before, digest = self._old.files.get(str(path), (None, ""))
        if before != now:
            digest = sha256(path.read_bytes())
        if settled(now, self._started):
            self._used.files[str(path)] = now, digest
        return digest

    def finds(
        self, kind: str, digest: str, read: Callable[[], bytes], look: Callable[[bytes], Finds]
    ) -> Finds:
        """What `look` finds in the bytes of this digest, or found there before.

        kind: names this way of looking. read: gives the bytes. Raises whatever `read` raises.
        """
        found = self._old.finds.get(kind, {}).get(digest)
        if found is None:
            data = read()
            found = look(data)
            if sha256(data) != digest:  # changed while we looked: known for this once
                return found
        self._used.finds.setdefault(kind, {})[digest] = found
        return found

    @property
    def built(self) -> Built | None:
        """What the last build made that kept its cache here."""
        return self._old.built

    def save(self, built: Built | None = None) -> None:
        """Write the cache for the next command; where it cannot be written, nothing is kept.

        It holds the digests and the finds that this command asked for. Of kinds of search that it
        did not make, it holds the finds that were kept before.
        """
        new = {"built": built, "finds": self._old.finds | self._used.finds}
        kept = self._used.model_copy(update=new)
        if self._file and kept != self._old:
            with suppress(OSError):
                write(self._file, kept.model_dump_json())


def sha256(data: bytes) -> str:
    """A digest in hex."""
    return hashlib.sha256(data).hexdigest()


def stamp(path: Path) -> Stamp:
    """What changes with a file: size, times of modification and of status, inode. Raises OSError.

    No program can set the second time, so a change that restores the first is seen as well.
    """
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def settled(now: Stamp, started: int) -> bool:
    """Whether a later change of the file would change its stamp, read after `started` (in ns)."""
    _, modified, status, _ = now
    return max(modified, status) < started - TICK


def _version() -> str:
    return sha256(b"".join(file.read_bytes() for file in MADE_BY))


def _load(file: Path, version: str) -> Kept:
    """What is kept in a file; nothing where it is not there, unreadable or of another version."""
    with suppress(OSError, ValidationError):
        kept = Kept.model_validate_json(plain(file).read_bytes())
        if kept.made_by == version:
            return kept
    return Kept(made_by=version)
