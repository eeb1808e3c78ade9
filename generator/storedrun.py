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
            artifacts.append(artifact(path, name, of_file))
        except (OSError, ValueError) as error:
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


def artifact(path: Path, name: str, of_file: FileDigest) -> Artifact:
    """A file with its digest; raises ValueError for one that is not fit to be used."""
    if why := unfit(path, name):
        raise ValueError(f"{why}, ignored")
    return Artifact(path=name, sha256=of_file(path), bytes=path.stat().st_size)


def unfit(path: Path, name: str) -> str:
    """Why a file is neither listed nor shown to a case, or the empty string. name: in its run."""
    if path.is_symlink():
        return "a link"
    if not path.is_file():
        return "not a plain file"
    if name != printable(name):
        return "its name is not printable text"
    size = path.stat().st_size
    return f"{size:,} bytes, over the limit of {LARGEST_FILE:,}" if size > LARGEST_FILE else ""


def printable(name: str) -> str:
    """The name with everything unprintable replaced, so that it can be shown and stored."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
