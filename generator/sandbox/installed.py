"""Which installed packages a case can import: those listed, from where they were found.

The child's interpreter runs without the site module, so no .pth file of any folder is read and
site-packages is not on sys.path; this finder serves the listed packages instead.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import site
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# Test libraries that an author's own tests may import.
TEST_LIBRARIES = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
# What the child itself needs in order to confine itself.
OWN = ("landlockpy", "seccompy")


class Finder(importlib.abc.MetaPathFinder):
    """Finds the listed top-level packages below their folders, after the standard library."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: Any = None,  # noqa: ARG002 - the import system's interface
    ) -> importlib.machinery.ModuleSpec | None:
        """A top-level package by its folder; what is below it is found by its own path."""
        place = self._places.get(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, [place]) if place else None
        if spec is not None and spec.submodule_search_locations is not None:
            # a package without __init__.py would otherwise look itself up on sys.path again
            spec.submodule_search_locations = list(spec.submodule_search_locations)
        return spec

    def only(self, names: Iterable[str]) -> None:
        """From now on, find these alone."""
        self._places = {name: self._places[name] for name in names if name in self._places}


def install(places: dict[str, str]) -> Finder:
    """Serve these packages (name -> the folder that holds it) and restore `exit` and its like."""
    site.setquit()
    finder = Finder(places)
    sys.meta_path.append(finder)
    return finder


def locate(names: Iterable[str]) -> dict[str, str]:
    """For each top-level package that is installed: the folder that holds it. Imports nothing.

    Only where packages are installed is looked: a folder of that name elsewhere on the path of the
    judge (the current one, say) is not the package.
    """
    places = [p for p in map(Path, sys.path) if p.name in {"site-packages", "dist-packages"}]
    found = {}
    for name in names:
        holding = [str(p.resolve()) for p in places if _here(p, name)]
        if holding:
            found[name] = holding[0]
    return found


def _here(place: Path, name: str) -> Path | None:
    """The package's folder, or the file of a module that has none."""
    return next((p for p in (place / name, place / f"{name}.py") if p.exists()), None)


def paths(places: dict[str, str]) -> list[str]:
    """What must be readable for these packages: their folders and their bundled libraries."""
    own = [str(_here(Path(place), name)) for name, place in places.items()]
    libraries = {
        str(found) for name, place in places.items() for found in Path(place).glob(f"{name}*.libs")
    }
    return [*own, *sorted(libraries)]
