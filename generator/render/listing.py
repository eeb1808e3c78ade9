"""A run's files as the pages show them: their text, and an outline of what they define."""

from __future__ import annotations

import ast
import functools
import warnings
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from generator.data import Artifact, Run
from generator.render.escape import source_text
from generator.runtimes.cuda.declarations import Function, functions

LONGEST = 200_000
LANGUAGES = {
    ".py": "python", ".cu": "cuda", ".cuh": "cuda", ".cpp": "cpp", ".h": "cpp", ".c": "c",
    ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".sh": "bash",
    ".md": "markdown",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One file: its text for a listing, or a note in its place."""

    artifact: Artifact
    number: int
    text: str
    language: str
    note: str = ""

    def anchor(self, line: int) -> str:
        """The id of a line on the page of the listings, where blocks count from zero."""
        return f"L-{self.number - 1}-{line}"

    @property
    def lines(self) -> int:
        """How many lines are shown; blank ones at the end are not."""
        return self.text.rstrip().count("\n") + bool(self.text.strip())


@dataclass(frozen=True)
class Definition:
    """A top-level function, or a class with its methods; anchor: its line on the listings' page."""

    kind: str
    name: str
    signature: str
    line: int
    lines: int
    anchor: str = ""


@functools.lru_cache(maxsize=256)  # the panels of one page ask for the same files
def listings(run: Run) -> tuple[Listing, ...]:
    """Every file of a run; what cannot be shown has a note. Never raises for a file's content."""
    shown = 0
    found = []
    for artifact in sorted(run.artifacts, key=order):
        text, note = read(run, artifact)
        shown += bool(text)
        language = LANGUAGES.get(PurePosixPath(artifact.path).suffix.lower(), "text")
        found.append(Listing(artifact, shown if text else 0, text, language, note))
    return tuple(found)


def order(artifact: Artifact) -> tuple[bool, bool, str]:
    """Code first, then notes and data; tests after what they test."""
    path = PurePosixPath(artifact.path)
    code = path.suffix.lower() in {".py", ".cu", ".cuh", ".cpp", ".h", ".c"}
    return (not code, "test" in path.name.lower(), artifact.path)


def read(run: Run, artifact: Artifact) -> tuple[str, str]:
    """The text of a file and a note on what is not shown."""
    try:
        data = (run.folder / artifact.path).read_bytes()
    except OSError as error:
        return "", f"could not be read: {error.strerror}"
    if b"\0" in data[:8000]:
        return "", "binary, not shown"
    if len(data) > LONGEST:
        return source_text(data[:LONGEST]).rpartition("\n")[0], f"the first {LONGEST:,} bytes"
    return source_text(data), "" if data else "empty"


def outline(listing: Listing) -> list[Definition]:
    """The top-level functions and classes of a file; none where it does not parse."""
    if listing.language == "python":
        found = python(listing.text)
    elif listing.language in {"cuda", "cpp"}:
        found = [launcher(listing.text, function) for function in functions(listing.text)]
    else:
        found = []
    return [replace(d, anchor=listing.anchor(min(d.line, listing.lines))) for d in found]


def launcher(text: str, function: Function) -> Definition:
    """A CUDA or C++ function; it ends where the braces that it opens are closed."""
    parameters = ", ".join(f"{p.type} {p.name}".strip() for p in function.parameters)
    depth, lines = 0, 0
    for line in text.split("\n")[function.line - 1 :]:
        depth += line.count("{") - line.count("}")
        lines += 1
        if "}" in line and depth <= 0:
            break
    kind = "kernel" if function.kernel else "function"
    return Definition(kind, function.name, f"{function.name}({parameters})", function.line, lines)


def python(text: str) -> list[Definition]:
    """The top-level functions and classes of Python source."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
        return [d for node in tree.body for d in definitions(node)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def definitions(node: ast.stmt) -> list[Definition]:
    """What one top-level statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [define("function", node.name, node)]
    if isinstance(node, ast.ClassDef):
        methods = [n for n in node.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        found = [Definition("class", node.name, node.name, node.lineno, length(node))]
        return found + [define("method", f"{node.name}.{m.name}", m) for m in methods]
    return []


def define(kind: str, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    """A function or method with its signature."""
    return Definition(kind, name, f"{name}({ast.unparse(node.args)})", node.lineno, length(node))


def length(node: ast.stmt) -> int:
    """How many lines a definition spans."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
