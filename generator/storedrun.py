"""The files of one run as they are stored: a digest of each, and a note on whatever is unusable."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from generator.data import Artifact, Run
from generator.kernel_tests import FileDigest, read_digest

LARGEST_FILE = 20_000_000
LARGEST_RUN = 2_000
DEEPEST = 50  # folders within each other: before Python 3.12, os.walk calls itself for each
NOT_ARTIFACTS = {"behaviour.yaml"}
IGNORED_FOLDERS = {"__pycache__", ".git", ".venv", "node_modules"}
CODE = (".py", ".cu", ".cuh", ".h", ".hpp")


def load_run(folder: Path, model: str, challenge: str, of_file: FileDigest = read_digest) -> Run:
    """The run stored in a folder: a digest of every file, and a note on each unusable one."""
    artifacts: list[Artifact] = []
    problems: list[str] = []
    files, ignored = run_files(folder)
    for path in files:
        name = path.relative_to(folder).as_posix()
        try:
            artifacts.append(artifact(path, name, folder, of_file))
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
            problems.append(f"{printable(name)}: {error}")
    if ignored:
        problems.append(f"{ignored:,} files ignored: {LARGEST_RUN:,} are kept, those of code first")
    return Run(
        model=model,
        challenge=challenge,
        folder=folder.resolve(),
        artifacts=tuple(artifacts),
        problems=tuple(problems),
    )


def run_files(folder: Path) -> tuple[list[Path], int]:
    """The files of a run, sorted by path, and how many more there are than LARGEST_RUN.

    Links to folders are not followed. Where there are too many, files of code are kept first.
    """
    found = [
        place / name
        for place, names in walk(folder, IGNORED_FOLDERS)
        for name in names
        if name not in NOT_ARTIFACTS
    ]
    kept = set(sorted(found, key=lambda path: path.suffix not in CODE)[:LARGEST_RUN])
    return [path for path in found if path in kept], len(found) - len(kept)


def walk(folder: Path, skipped: Collection[str] = ()) -> Iterator[tuple[Path, list[str]]]:
    """Every folder from this one down, in order, with the names of the files in it.

    No link to a folder is followed. At DEEPEST a folder within is named as a file is, and no file.
    """
    for base, folders, names in os.walk(folder):
        place = Path(base)
        inner = sorted(set(folders) - set(skipped))
        folders[:] = inner if len(place.parts) - len(folder.parts) < DEEPEST else []
        yield place, sorted(names) + inner[len(folders) :]


def artifact(path: Path, name: str, folder: Path, of_file: FileDigest) -> Artifact:
    """A file with its digest; raises ValueError for no plain file of reasonable size inside."""
    if not path.is_file():
        raise ValueError("not a plain file, ignored")
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError("a link that leaves the run's folder, ignored")
    if name != printable(name):
        raise ValueError("its name is not printable text, ignored")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f"{size:,} bytes, over the limit of {LARGEST_FILE:,}, ignored")
    return Artifact(path=name, sha256=of_file(path), bytes=size)


def printable(name: str) -> str:
    """The name with everything unprintable replaced, so that it can be shown and stored."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
