"""Loading an output's files, inside the child: by path, from the run's folder only, unedited.

Every file of the folder is a module of one private package, so relative imports work; an absolute
import of a sibling (`import model`) gives the same module object. Names of the standard library and
of preloaded packages are never taken from the folder. Bytecode is neither read nor written: what
runs is the source. `if __name__ == "__main__"` is false.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from . import definitions

PACKAGE = "run_under_test"

_protected: frozenset[str] = frozenset(sys.stdlib_module_names)


def protect_loaded() -> None:
    """From now on, what is loaded already is never taken from a run's folder."""
    global _protected  # noqa: PLW0603 - computed once in the zygote, so not once a case
    _protected |= {name.partition(".")[0] for name in sys.modules}


class Source(importlib.machinery.SourceFileLoader):
    """Compiles the source each time; with `definitions_only`, only what defines something."""

    definitions_only = False

    def get_code(self, fullname: str) -> CodeType:
        """Ignore bytecode files: a stored one could differ from the source that readers see."""
        path = self.get_filename(fullname)
        data = self.get_data(path)
        if self.definitions_only:
            return definitions.compile_definitions(data, path)
        return self.source_to_code(data, path)


class Siblings(importlib.abc.MetaPathFinder):
    """Finds modules of the private package, and aliases absolute imports of siblings to them."""

    def __init__(self, folder: Path, definitions_only: bool) -> None:
        self.folder = folder
        self.first = folder
        self.trusted = list(sys.path)  # before the output's code can change it
        self._paths: dict[str, Path] = {}
        self._definitions_only = definitions_only

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: Any = None,  # noqa: ARG002 - the interface's
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim names of the private package, protected names, and siblings; leave the rest."""
        top, _, _ = fullname.partition(".")
        if top == PACKAGE:
            return self._own(fullname)
        if top in _protected:
            return _trusted_spec(fullname, path, self.trusted)
        canonical = self._sibling(fullname)
        if canonical is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, Alias(canonical), is_package=True)

    def name_of(self, file: Path) -> str:
        """The module name for a file of the folder; a name that Python cannot spell is mended."""
        parts = file.relative_to(self.folder).with_suffix("").parts
        name = ".".join([PACKAGE, *(_spell(part) for part in parts if part != "__init__")])
        self._paths[name] = file.parent if file.name == "__init__.py" else file
        for depth, parent in enumerate(file.relative_to(self.folder).parents):
            if str(parent) != ".":
                above = name.split(".")[: -(depth + 1)] if file.name != "__init__.py" else None
                if above:
                    self._paths.setdefault(".".join(above), self.folder / parent)
        return name

    def _sibling(self, fullname: str) -> str | None:
        for base in dict.fromkeys((self.first, self.folder, self.folder / "src")):
            where = base.joinpath(*fullname.split("."))
            found = _module_at(where)
            if found is not None:
                return self.name_of(found if found.is_file() else found / "__init__.py")
        return None

    def _own(self, fullname: str) -> importlib.machinery.ModuleSpec | None:
        where = self._paths.get(fullname)
        if where is None:
            where = _module_at(self.folder.joinpath(*fullname.split(".")[1:]))
        if where is None:
            return None
        if where.is_dir():
            return self._package(fullname, where)
        return self._spec(fullname, where, None)

    def _package(self, fullname: str, where: Path) -> importlib.machinery.ModuleSpec:
        if (where / "__init__.py").is_file():
            return self._spec(fullname, where / "__init__.py", [str(where)])
        spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(where)]
        return spec

    def _spec(
        self, name: str, file: Path, search: list[str] | None
    ) -> importlib.machinery.ModuleSpec:
        loader = Source(name, str(file))
        loader.definitions_only = self._definitions_only
        spec = importlib.util.spec_from_file_location(
            name, file, loader=loader, submodule_search_locations=search
        )
        assert spec is not None
        return spec


class Alias(importlib.abc.Loader):
    """Makes a second name of a module that has a canonical one, circular imports included."""

    def __init__(self, canonical: str) -> None:
        self._canonical = canonical
        self._module: ModuleType | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:  # noqa: ARG002
        """Load the real module first; the import system's fresh one is thrown away."""
        self._module = importlib.import_module(self._canonical)

    def exec_module(self, module: ModuleType) -> None:
        """Put the real module in the fresh one's place."""
        assert self._module is not None
        assert module.__spec__ is not None
        sys.modules[module.__spec__.name] = self._module


class Loader:
    """Loads files of one run's folder. One per process."""

    def __init__(self, folder: Path, *, definitions_only: bool = False) -> None:
        package = ModuleType(PACKAGE)
        package.__path__ = [str(folder)]
        sys.modules[PACKAGE] = package
        self._siblings = Siblings(folder, definitions_only)
        sys.meta_path.insert(0, self._siblings)

    def load(self, file: str) -> ModuleType:
        """The module of this file (a path inside the folder). Raises what the file raises."""
        path = (self._siblings.folder / file).resolve()
        if not path.is_relative_to(self._siblings.folder):
            raise ImportError(f"{file} is outside the run's folder")
        self._siblings.first = path.parent
        return importlib.import_module(self._siblings.name_of(path))


def _spell(part: str) -> str:
    return re.sub(r"\W", "_", part)


def _module_at(where: Path) -> Path | None:
    """The file or package folder that defines the module at this path without suffix."""
    file = where.with_name(where.name + ".py")
    if where.is_dir() and any(where.rglob("*.py")):
        return where
    return file if file.is_file() else None


def _trusted_spec(
    fullname: str, path: Sequence[str] | None, trusted: list[str]
) -> importlib.machinery.ModuleSpec | None:
    """Look a protected name up where it was installed, whatever the output did to sys.path."""
    for finder in (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter):
        spec = finder.find_spec(fullname, path)
        if spec is not None:
            return spec
    return importlib.machinery.PathFinder.find_spec(fullname, path or trusted)
