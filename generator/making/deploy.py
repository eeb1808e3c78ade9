"""Lay out a new model's folders, one per challenge: the prompt as it is given, and data files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from generator.data import Challenge, Provenance
from generator.discover import NOT_MODELS, choose, load_challenges
from generator.files import write
from generator.yamlfile import BadFile

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
GUIDE = {
    "Medium": "one function or two; the difficulty is numerical, the interface small",
    "Hard": "an algorithm with state; a plausible answer is easy, a right one is not",
    "Extra Hard": "several parts that must agree; most mistakes show on rare inputs alone",
    "SOTA Research": "a training run; what works is not settled, and the run takes an hour",
}


def deploy(root: Path, name: str, slugs: list[str]) -> list[Path]:
    """Make `name/<slug>/` for the named challenges, all of them if none is named; the folders.

    Nothing is overwritten: a run's folder that is there already is an error, and then nothing is
    written at all. Raises BadFile.
    """
    chosen = choose(load_challenges(root / "challenges"), slugs)
    folders = [root / checked(name) / slug for slug in chosen]
    refuse_existing(folders)
    for folder in folders:
        lay_out(root / "challenges" / folder.name, folder)
    describe(root / name, {"name": name, "provider": "not stated"})
    return folders


def checked(name: str) -> str:
    """The name, if a model's folder can be called so; raises BadFile."""
    if not NAME.fullmatch(name) or name in NOT_MODELS:
        raise BadFile(f"{name!r}: not a name for a model's folder (letters, digits, . _ -)")
    return name


def refuse_existing(folders: list[Path]) -> None:
    """Raises BadFile if any of the folders is there."""
    taken = [folder for folder in folders if folder.exists()]
    if taken:
        where = f"{taken[0].parent.name}/{taken[0].name}"
        raise BadFile(f"{where}: exists already, nothing was written (--challenge names others)")


def lay_out(challenge: Path, folder: Path) -> None:
    """The prompt and the data files of a challenge, byte for byte."""
    write(folder / "PROMPT.md", (challenge / "PROMPT.md").read_bytes())
    if (challenge / "data").is_dir():
        shutil.copytree(challenge / "data", folder / "data")


def describe(folder: Path, fields: dict[str, str]) -> None:
    """Write model.yaml from these fields, unless there is one."""
    if not (folder / "model.yaml").exists():
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
        write(
            folder / "model.yaml", "\n".join([*lines, f"provenance: {Provenance.ORIGINAL}"]) + "\n"
        )


def guide(challenges: Collection[Challenge]) -> list[str]:
    """What to expect of each challenge, easiest first, as lines for a terminal."""
    lines = []
    for level, says in GUIDE.items():
        of_level = [c for c in challenges if c.difficulty == level]
        if of_level:
            lines += ["", f"{level}: {says}"]
            lines += [
                f"  {c.slug:22} {c.runtime:6} {len(c.checks):3} checks  {c.title}" for c in of_level
            ]
    return lines[1:]
