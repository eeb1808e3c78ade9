"""Bring model folders in from elsewhere, untouched, with a lock file of their digests."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from generator.data import Provenance, Run
from generator.discover import corpus
from generator.files import write
from generator.making.deploy import checked
from generator.yamlfile import BadFile, first_error

LOCK = "import.lock.json"


def bring_in(source: str, root: Path, rev: str = "") -> list[str]:
    """Copy every model folder of `source` (a path or a git URL) into `root`; their names.

    Nothing is overwritten, and it is all or nothing: a folder that is already there, a name that no
    model can have, a file that cannot be copied or a broken lock file is an error, and then nothing
    is copied. Raises BadFile and OSError.
    """
    locked = lock(root / LOCK)
    with checkout(source, rev) as folder:
        found = corpus(root, folder)
        taken = [model for model in found.models if (root / checked(model)).exists()]
        if taken:
            raise BadFile(f"{root / taken[0]}: exists already, nothing was imported")
        if not found.models:
            raise BadFile(f"{source}: no folder here holds runs of a known challenge")
        with tempfile.TemporaryDirectory(prefix=".importing-", dir=root) as scratch:
            copies = [copied(folder / model, Path(scratch) / model) for model in found.models]
            for copy in copies:
                copy.rename(root / copy.name)
        write_lock(root / LOCK, locked | locks(source, rev, found.runs.values()))
    return list(found.models)


def copied(source: Path, target: Path) -> Path:
    """Copy one folder, links as links; raises BadFile for what is no file, and for deep nesting."""
    try:
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    except shutil.Error as error:
        file, _, why = error.args[0][0]
        raise BadFile(f"{file}: {why}; nothing was imported") from error
    except RecursionError as error:
        raise BadFile(f"{source}: folders nested too deep; nothing was imported") from error
    if not (target / "model.yaml").exists():
        write(
            target / "model.yaml",
            f"name: {json.dumps(source.name)}\nprovenance: {Provenance.ORIGINAL}\n",
        )
    return target


def lock(path: Path) -> dict[str, Any]:
    """What was imported before, by run; raises BadFile where it cannot be read."""
    try:
        return TypeAdapter(dict[str, Any]).validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise BadFile(f"{path}: {first_error(error)}; nothing was imported") from error


def locks(source: str, rev: str, runs: Iterable[Run]) -> dict[str, Any]:
    """Where the files of some runs came from and what their bytes were."""
    return {
        run.key: {
            "source": source if "://" in source else Path(source).name,
            "rev": rev,
            "files": {artifact.path: artifact.sha256 for artifact in run.artifacts},
        }
        for run in runs
    }


def write_lock(path: Path, known: dict[str, Any]) -> None:
    """Keep the lock file. Raises OSError."""
    write(path, json.dumps(known, indent=1, sort_keys=True) + "\n")


@contextmanager
def checkout(source: str, rev: str) -> Iterator[Path]:
    """The folder to import from: the path itself, or a fresh clone of a git URL or repository."""
    if Path(source).is_dir() and not rev:
        yield Path(source)
        return
    if Path(source).exists() and not Path(source).is_dir() and Path(source).suffix != ".bundle":
        raise BadFile(f"{source}: neither a folder nor a git repository")
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "clone"
        git("clone", "--quiet", "--no-checkout", "--", source, str(target))
        git(
            "-C",
            str(target),
            "-c",
            "advice.detachedHead=false",
            "checkout",
            "--quiet",
            rev or "HEAD",
            "--",
        )
        yield target


def git(*arguments: str) -> None:
    """Run git without hooks or prompts; raises BadFile with its last line where it fails."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=true", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise BadFile(f"git {arguments[0]}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
