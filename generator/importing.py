"""Bring model folders in from elsewhere, untouched, with a lock file of their digests."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.data import Provenance, Run
from generator.discover import corpus
from generator.files import write
from generator.yamlfile import BadFile

LOCK = "import.lock.json"


def bring_in(source: str, root: Path, rev: str = "") -> list[str]:
    """Copy every model folder of `source` (a path or a git URL) into `root`; their names.

    Nothing is overwritten: a folder that is already there is an error, and then nothing is copied.
    Raises BadFile.
    """
    with checkout(source, rev) as folder:
        found = corpus(root, folder)
        taken = [model for model in found.models if (root / model).exists()]
        if taken:
            raise BadFile(f"{root / taken[0]}: exists already, nothing was imported")
        if not found.models:
            raise BadFile(f"{source}: no folder here holds runs of a known challenge")
        for model in found.models:
            copy_model(folder / model, root / model)
        record(root, source, rev, list(found.runs.values()))
    return list(found.models)


def copy_model(source: Path, target: Path) -> None:
    """Copy one folder through a temporary one beside it; links are copied as links."""
    temporary = target.with_name(f".{target.name}.importing")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    if not (temporary / "model.yaml").exists():
        write(
            temporary / "model.yaml",
            f"name: {json.dumps(source.name)}\nprovenance: {Provenance.ORIGINAL}\n",
        )
    temporary.rename(target)


def record(root: Path, source: str, rev: str, runs: list[Run]) -> None:
    """Note where the files came from and what their bytes were."""
    path = root / LOCK
    known = json.loads(path.read_text()) if path.exists() else {}
    for run in runs:
        known[run.key] = {
            "source": source if "://" in source else Path(source).name,
            "rev": rev,
            "files": {artifact.path: artifact.sha256 for artifact in run.artifacts},
        }
    write(path, json.dumps(known, indent=1, sort_keys=True) + "\n")


@contextmanager
def checkout(source: str, rev: str) -> Iterator[Path]:
    """The folder to import from: the path itself, or a fresh clone of a git URL or repository."""
    if Path(source).is_dir() and not rev:
        yield Path(source)
        return
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
