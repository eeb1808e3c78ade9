"""The parent's side of a challenge: its cases and checks, loaded from challenges/<slug>/."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.data import Challenge
from generator.joining import joined, reached
from generator.yamlfile import read_text

NOT_TESTS = {"PROMPT.md", "README.md", "mutants.yaml"}
NOT_TEST_FOLDERS = {"honest", "mutants", "__pycache__"}


FileDigest = Callable[[Path], str]


def read_digest(file: Path) -> str:
    """The SHA-256 of a file, in hex. Raises OSError."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class KernelTests:
    """What kernel_tests.py offers, and the source that the sandboxed child is given.

    cases(seed) -> sequence of challenges.kit.Case; check(case, got) -> iterable of kit.Finding.
    """

    cases: Callable[[int], Sequence[Any]]
    check: Callable[[Any, list[dict[str, Any]]], Iterable[Any]]
    drive: str
    adapters: dict[str, str]
    digest: str


def load(challenge: Challenge, root: Path) -> KernelTests:
    """Import the kernel tests of a challenge from the checkout at `root`."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    module = importlib.import_module(f"challenges.{challenge.slug}.kernel_tests")
    folder = root / "challenges" / challenge.slug
    return KernelTests(
        cases=module.cases,
        check=module.check,
        drive=driver_source(folder),
        adapters=adapter_sources(folder / "adapters"),
        digest=digest(folder),
    )


def driver_source(folder: Path) -> str:
    """The source of a challenge's driver: drive.py, or the parts of the folder drive/ as one."""
    single = folder / "drive.py"
    parts = [single] if single.exists() else (folder / "drive").glob("*.py")
    return joined(parts, folder.parent)


def adapter_sources(folder: Path) -> dict[str, str]:
    """Adapter name -> source. One too long for a file is a folder with an entry.py."""
    challenges = folder.parent.parent
    single = {file.name: joined([file], challenges) for file in sorted(folder.glob("*.py"))}
    parted = sorted(file.parent for file in folder.glob("*/entry.py"))
    return single | {each.name: joined(each.glob("*.py"), challenges) for each in parted}


def digest(folder: Path, of_file: FileDigest = read_digest) -> str:
    """One digest over all that decides: tests, reference, driver, adapters, limits, kit.

    Of what several challenges share, it covers the files that this one imports, and no others.
    Raises BadFile for a source that is not UTF-8, and OSError.
    """
    challenges = folder.parent
    own = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.name not in NOT_TESTS
        and not NOT_TEST_FOLDERS & set(file.relative_to(folder).parts)
    ]
    sources = [file for file in own if file.suffix == ".py"]
    shared = {challenges / "kit.py", *imported(sources, challenges)} - set(own)
    return digest_of([*sorted(shared), *own], challenges, of_file)


def imported(sources: list[Path], challenges: Path) -> Iterable[Path]:
    """These files and all of ours that they import from. Raises BadFile, which names the file."""
    try:
        return reached(sources, challenges)
    except UnicodeDecodeError:
        for file in (*sources, *sorted(challenges.rglob("*.py"))):
            read_text(file)
        raise


def digest_of(files: Iterable[Path], base: Path, of_file: FileDigest = read_digest) -> str:
    """One digest over the paths (relative to `base`) and the digests of some files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(base).as_posix().encode() + b"\0")
        total.update(bytes.fromhex(of_file(file)))
    return total.hexdigest()
