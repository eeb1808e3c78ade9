"""Parts of a challenge as one source, and the files that several challenges share.

The sandboxed child is given one source for a driver and one for an adapter. Their parts import from
each other relatively, and from challenges/driving/ what several challenges share; joined, those
imports are left out, for everything is in one namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

DRIVING = "driving"
OF_OURS = re.compile(r"^from (\.|challenges\.)(\w[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)


def joined(parts: Iterable[Path], challenges: Path) -> str:
    """Some files, and those of challenges/driving/ that they import from, as one source.

    Each comes after those that it imports from. Raises graphlib.CycleError where there is no such
    order, and ValueError for a file that is not for the child.
    """
    own = set(parts)
    needs = reached(own, challenges)
    for file in needs.keys() - own:
        if file.parent != challenges / DRIVING:
            raise ValueError(f"{file}: imported by a driver or an adapter, but not for the child")
    order = TopologicalSorter({file: needs[file] for file in sorted(needs)}).static_order()
    return "\n".join(without_imports(file.read_text()) for file in order)


def reached(files: Iterable[Path], challenges: Path) -> dict[Path, list[Path]]:
    """These files and all that they import from, directly or not: file -> what it imports from."""
    found: dict[Path, list[Path]] = {}
    todo = list(files)
    while todo:
        file = todo.pop()
        if file not in found:
            found[file] = imported(file, challenges)
            todo += found[file]
    return found


def imported(file: Path, challenges: Path) -> list[Path]:
    """The files that a file imports from: `from .x import y`, `from challenges.x import y`."""
    found = set()
    for dots, module, names in OF_OURS.findall(file.read_text()):
        place = (file.parent if dots == "." else challenges) / module.replace(".", "/")
        found |= {place.with_suffix(".py"), *(place / f"{n}.py" for n in re.findall(r"\w+", names))}
    return sorted(each for each in found if each.is_file())


def without_imports(source: str) -> str:
    """The source with such imports blank: a line of it stays the line that a reader sees."""
    return OF_OURS.sub(lambda match: "\n" * match[0].count("\n"), source).rstrip("\n")
