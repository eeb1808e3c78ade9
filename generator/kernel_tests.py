"""The parent's side of a challenge: its cases and checks, loaded from challenges/<slug>/."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from generator.data import Challenge

NOT_TESTS = {"PROMPT.md", "README.md", "mutants.yaml"}
NOT_TEST_FOLDERS = {"honest", "mutants", "__pycache__"}


FileDigest = Callable[[Path], str]


def read_digest(file: Path) -> str:
    """The SHA-256 of a file, in hex. Raises OSError."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class KernelTests:
    """What kernel_tests.py offers, and the source that the sandboxed child is given.

    cases(seed) -> sequence of challenges.kit.Case; check(case, got) -> iterable of kit.Finding.
    """

    cases: Callable[[int], Sequence[Any]]
    check: Callable[[Any, list[dict[str, Any]]], Iterable[Any]]
    drive: str
    adapters: dict[str, str]
    digest: str


def load(challenge: Challenge, root: Path) -> KernelTests:
    """Import the kernel tests of a challenge from the checkout at `root`."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    module = importlib.import_module(f"challenges.{challenge.slug}.kernel_tests")
    folder = root / "challenges" / challenge.slug
    return KernelTests(
        cases=module.cases,
        check=module.check,
        drive=driver_source(folder),
        adapters=adapter_sources(folder / "adapters"),
        digest=digest(folder),
    )


def driver_source(folder: Path) -> str:
    """The source of a challenge's driver: drive.py, or the parts of the folder drive/ as one."""
    single = folder / "drive.py"
    return single.read_text() if single.exists() else joined(folder / "drive")


def adapter_sources(folder: Path) -> dict[str, str]:
    """Adapter name -> source. One too long for a file is a folder with an entry.py."""
    found = {file.name: file.read_text() for file in sorted(folder.glob("*.py"))}
    packages = sorted(file.parent for file in folder.glob("*/entry.py"))
    return found | {package.name: joined(package) for package in packages}


def joined(folder: Path) -> str:
    """The files of a folder as one source, each after those that it imports from.

    The child is given one source. The parts import each other relatively, for readers and linters,
    and those imports are left out. Raises graphlib.CycleError.
    """
    parts = {file.stem: file.read_text() for file in sorted(folder.glob("*.py"))}
    imports = {name: relative_imports(source) for name, source in parts.items()}
    before = {name: sorted({str(node.module) for node in nodes}) for name, nodes in imports.items()}
    order = TopologicalSorter(before).static_order()
    return "\n".join(without(parts[name], imports[name]) for name in order)


def relative_imports(source: str) -> list[ast.ImportFrom]:
    """The `from .x import y` statements of a module."""
    body = ast.parse(source).body
    return [node for node in body if isinstance(node, ast.ImportFrom) and node.level]


def without(source: str, nodes: Iterable[ast.ImportFrom]) -> str:
    """The source with the lines of some statements blank."""
    lines = source.splitlines()
    for node in nodes:
        last = node.end_lineno or node.lineno
        lines[node.lineno - 1 : last] = [""] * (last - node.lineno + 1)
    return "\n".join(lines)


def digest(folder: Path, of_file: FileDigest = read_digest) -> str:
    """One digest over all that decides: tests, reference, driver, adapters, limits, kit."""
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.name not in NOT_TESTS
        and not NOT_TEST_FOLDERS & set(file.relative_to(folder).parts)
    ]
    return digest_of([folder.parent / "kit.py", *files], folder.parent, of_file)


def digest_of(files: Iterable[Path], base: Path, of_file: FileDigest = read_digest) -> str:
    """One digest over the paths (relative to `base`) and the digests of some files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(base).as_posix().encode() + b"\0")
        total.update(bytes.fromhex(of_file(file)))
    return total.hexdigest()
