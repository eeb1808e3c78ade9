"""Folders -> Corpus: the challenges, models and runs there are, with digests of their files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from generator.data import Challenge, Corpus, Model, Run
from generator.files import given
from generator.kernel_tests import FileDigest, read_digest
from generator.redact import clean
from generator.storedrun import IGNORED_FOLDERS, load_run, printable
from generator.yamlfile import BadFile, read

NOT_MODELS = {"challenges", "docs", "generator", "tests", "site", "analysis", "benchmarks"}
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
    folders, problems = with_printable_names(
        model_folders(folder_at(runs or root), set(challenges))
    )
    models = {folder.name: load_model(folder) for folder in folders}
    found: dict[str, Run] = {}
    for folder in folders:
        if not given(folder / "model.yaml"):
            problems.append(f"{folder.name}: no model.yaml, defaults used")
        for slug in challenges:
            if (folder / slug).is_dir():
                run = load_run(folder / slug, folder.name, slug, of_file)
                found[run.key] = run
        problems += misspelt(folder, challenges)
    problems += [
        f"{model.slug}/model.yaml: succeeds: no model here is named {model.succeeds}"
        for model in models.values()
        if model.succeeds and model.succeeds not in models
    ]
    cleaned = tuple(map(clean, problems))
    return Corpus(root=root, challenges=challenges, models=models, runs=found, problems=cleaned)


def folder_at(path: Path) -> Path:
    """The folder that a path leads to; raises BadFile where there is none, or links in a circle."""
    if not path.is_dir():
        raise BadFile(f"{path}: not a folder")
    return path.resolve()


def load_challenges(folder: Path) -> dict[str, Challenge]:
    """Every challenge below `folder`, easiest first, then by slug."""
    files = sorted(folder.glob("*/challenge.yaml"))
    loaded = [read(file, Challenge, slug=file.parent.name) for file in files]
    levels = ["Medium", "Hard", "Extra Hard", "SOTA Research"]
    loaded.sort(key=lambda challenge: (levels.index(challenge.difficulty), challenge.slug))
    return {challenge.slug: challenge for challenge in loaded}


def choose(challenges: dict[str, Challenge], slugs: Collection[str]) -> dict[str, Challenge]:
    """The named challenges, all if none is named; raises BadFile for a name that is none."""
    unknown = [slug for slug in slugs if slug not in challenges]
    if unknown:
        known = ", ".join(challenges) or "none"
        raise BadFile(f"{unknown[0]}: no such challenge (challenges here: {known})")
    return {slug: challenges[slug] for slug in slugs or challenges}


def model_folders(source: Path, slugs: set[str]) -> list[Path]:
    """Top-level folders that are models: with a model.yaml, or a folder named as a challenge.

    A folder with nearly the name of a challenge is enough, so that the misspelling is reported.
    """
    folders = [
        entry
        for entry in sorted(source.iterdir())
        if entry.is_dir() and not entry.name.startswith((".", "_")) and entry.name not in NOT_MODELS
    ]
    plain = set(map(bare, slugs))
    return [
        folder
        for folder in folders
        if given(folder / "model.yaml") or plain & {bare(c.name) for c in subfolders(folder)}
    ]


def with_printable_names(folders: list[Path]) -> tuple[list[Path], list[str]]:
    """The folders whose names are printable text, and a line for each of the others."""
    fit = [folder for folder in folders if folder.name == printable(folder.name)]
    unfit = [printable(folder.name) for folder in folders if folder not in fit]
    return fit, [f"{name}: its name is not printable text, ignored" for name in unfit]


def subfolders(folder: Path) -> list[Path]:
    """The folders directly inside `folder`; an unreadable folder has none."""
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError:
        return []


def misspelt(folder: Path, slugs: Collection[str]) -> Iterator[str]:
    """A line for each folder of a model that is named after no challenge, with the likeliest."""
    for name in sorted(printable(entry.name) for entry in subfolders(folder)):
        if name not in slugs and name not in IGNORED_FOLDERS and not name.startswith((".", "_")):
            yield f"{folder.name}/{name}: no such challenge, ignored{did_you_mean(name, slugs)}"


def did_you_mean(name: str, slugs: Collection[str]) -> str:
    """The name that is most like this one as a question in brackets, or the empty string.

    Names are compared without what separates their words: flashattention is flash_attention.
    """
    plain = {bare(slug): slug for slug in slugs}
    close = get_close_matches(bare(name), plain, n=1)
    return f" (did you mean {plain[close[0]]}?)" if close else ""


def bare(name: str) -> str:
    """Lower case, letters and digits alone."""
    return "".join(filter(str.isalnum, name.lower()))


def load_model(folder: Path) -> Model:
    """The model of a folder; without a model.yaml, its name is the folder's."""
    if not given(folder / "model.yaml"):
        return Model(slug=folder.name, name=folder.name)
    return read(folder / "model.yaml", Model, slug=folder.name)
