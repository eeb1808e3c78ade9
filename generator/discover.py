"""Folders -> Corpus: the challenges, models and runs there are, with digests of their files."""

from __future__ import annotations

import os
from pathlib import Path

from generator.data import Artifact, Challenge, Corpus, Model, Run
from generator.kernel_tests import FileDigest, read_digest
from generator.yamlfile import BadFile, read

LARGEST_FILE = 20_000_000
LARGEST_RUN = 2_000
NOT_ARTIFACTS = {"behaviour.yaml"}
NOT_MODELS = {"challenges", "docs", "generator", "tests", "site", "analysis", "benchmarks"}
IGNORED_FOLDERS = {"__pycache__", ".git", ".venv", "node_modules"}
TOP_LEVEL = Path(__file__).resolve().parent.parent


def corpus(
    root: Path = TOP_LEVEL, runs: Path | None = None, of_file: FileDigest = read_digest
) -> Corpus:
    """Gather the challenges under `root` and the models and runs under `runs` (default: `root`).

    of_file: gives a file's digest; one that remembers need not read those that have not changed.

    Raises BadFile for a malformed challenge.yaml or model.yaml: those are ours to mend. Whatever is
    wrong inside a run's folder is noted on that run, and the rest goes on.
    """
    challenges = load_challenges(root / "challenges")
    found: dict[str, Run] = {}
    models: dict[str, Model] = {}
    source = (runs or root).resolve()
    problems: list[str] = []
    for folder in model_folders(source, set(challenges)):
        models[folder.name] = load_model(folder)
        if not (folder / "model.yaml").exists():
            problems.append(f"{folder.name}: no model.yaml, defaults used")
        for slug in challenges:
            if (folder / slug).is_dir():
                run = load_run(folder / slug, folder.name, slug, of_file)
                found[run.key] = run
    problems += [
        f"{model.slug}/model.yaml: succeeds: no model here is named {model.succeeds}"
        for model in models.values()
        if model.succeeds and model.succeeds not in models
    ]
    return Corpus(
        root=root, challenges=challenges, models=models, runs=found, problems=tuple(problems)
    )


def load_challenges(folder: Path) -> dict[str, Challenge]:
    """Every challenge below `folder`, easiest first, then by slug."""
    files = sorted(folder.glob("*/challenge.yaml"))
    loaded = [read(file, Challenge, slug=file.parent.name) for file in files]
    levels = ["Medium", "Hard", "Extra Hard", "SOTA Research"]
    loaded.sort(key=lambda challenge: (levels.index(challenge.difficulty), challenge.slug))
    return {challenge.slug: challenge for challenge in loaded}


def model_folders(source: Path, slugs: set[str]) -> list[Path]:
    """Top-level folders that are models: with a model.yaml, or a folder named as a challenge."""
    if not source.is_dir():
        raise BadFile(f"{source}: not a folder")
    folders = [
        entry
        for entry in sorted(source.iterdir())
        if entry.is_dir() and not entry.name.startswith((".", "_")) and entry.name not in NOT_MODELS
    ]
    return [
        f for f in folders if (f / "model.yaml").exists() or slugs & {c.name for c in subfolders(f)}
    ]


def subfolders(folder: Path) -> list[Path]:
    """The folders directly inside `folder`; an unreadable folder has none."""
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError:
        return []


def load_model(folder: Path) -> Model:
    """The model of a folder; without a model.yaml, its name is the folder's."""
    if not (folder / "model.yaml").exists():
        return Model(slug=folder.name, name=folder.name)
    return read(folder / "model.yaml", Model, slug=folder.name)


def load_run(folder: Path, model: str, challenge: str, of_file: FileDigest = read_digest) -> Run:
    """The run stored in a folder: a digest of every file, and a note on each unusable one."""
    artifacts: list[Artifact] = []
    problems: list[str] = []
    for path in run_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            artifacts.append(artifact(path, name, folder, of_file))
        except (OSError, ValueError) as error:
            problems.append(f"{printable(name)}: {error}")
    if len(artifacts) >= LARGEST_RUN:
        problems.append(f"more than {LARGEST_RUN} files, the rest is ignored")
    return Run(
        model=model,
        challenge=challenge,
        folder=folder.resolve(),
        artifacts=tuple(artifacts),
        problems=tuple(problems),
    )


def run_files(folder: Path) -> list[Path]:
    """The files of a run, sorted by path, links to folders not followed, at most LARGEST_RUN."""
    found: list[Path] = []
    for base, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(set(folders) - IGNORED_FOLDERS)
        found += [Path(base) / name for name in sorted(files) if name not in NOT_ARTIFACTS]
        if len(found) >= LARGEST_RUN:
            break
    return found[:LARGEST_RUN]


def artifact(path: Path, name: str, folder: Path, of_file: FileDigest) -> Artifact:
    """A file with its digest; raises ValueError for no plain file of reasonable size inside."""
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError("a link that leaves the run's folder, ignored")
    if not path.is_file():
        raise ValueError("not a plain file, ignored")
    if name != printable(name):
        raise ValueError("its name is not printable text, ignored")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f"{size:,} bytes, over the limit of {LARGEST_FILE:,}, ignored")
    return Artifact(path=name, sha256=of_file(path), bytes=size)


def printable(name: str) -> str:
    """The name with everything unprintable replaced, so that it can be shown and stored."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
