"""Whether pages or site have to be made at all: digests of what they are made of, and of them.

Pages are pure functions of files. Where none of those files has changed, and no page either, making
them again would give the same bytes.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.cache import HERE, Cache, sha256
from generator.data import Corpus
from generator.options import Options
from generator.storedrun import IGNORED_FOLDERS, walk
from generator.yamlfile import read_text

VARIABLE = re.compile(r"!ENV\s*\[?\s*(\w+)")  # that mkdocs.yml reads from the environment


def sources_digest(options: Options, found: Corpus) -> str:
    """One digest over all that pages and site are made of."""
    root = options.root
    settings = sorted(file for kind in ("*.yml", "*.yaml") for file in root.glob(kind))
    folders = {HERE, root / "challenges", options.store.folder}
    files = [*settings, *(file for folder in sorted(folders) for file in files_in(folder))]
    parts = (found.model_dump_json(), *packages(), *environment(root / "mkdocs.yml"))
    return sha256("\n".join((*parts, *listed(files, options.cache))).encode())


def pages_digest(options: Options) -> str:
    """One digest over all that MkDocs reads or a build fills in: docs/ and the README."""
    files = [*files_in(options.root / "docs"), options.root / "README.md"]
    return sha256("\n".join(listed(files, options.cache)).encode())


def site_digest(options: Options) -> str:
    """One digest over the files of the site."""
    return sha256("\n".join(listed(files_in(options.root / "site"), options.cache)).encode())


def listed(files: Iterable[Path], cache: Cache) -> Iterator[str]:
    """Each file with its digest, or that it cannot be read."""
    for file in files:
        try:
            yield f"{cache.digest(file)} {file}"
        except OSError as error:
            yield f"{error.strerror} {file}"


def files_in(folder: Path) -> list[Path]:
    """The plain files below a folder, in a fixed order."""
    every = (place / name for place, names in walk(folder, IGNORED_FOLDERS) for name in names)
    return [file for file in every if file.is_file()]


def packages() -> list[str]:
    """Python, and every installed package with its version, as the names of folders tell them."""
    installed = Path(sysconfig.get_path("purelib")).glob("*-info")
    return [sys.version, *sorted(folder.name for folder in installed)]


def environment(file: Path) -> list[str]:
    """The variables that mkdocs.yml reads, as they are set now."""
    named = VARIABLE.findall(read_text(file)) if file.exists() else []
    return [f"{name}={os.environ.get(name)}" for name in sorted(set(named))]
