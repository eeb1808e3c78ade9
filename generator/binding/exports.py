"""What a Python file defines, read from its syntax tree: nothing of it is executed."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path

from generator.binding.signatures import Definition, Function, completed, function
from generator.data import Artifact

# The time to parse some texts grows with the square of their length: bytes of a file, and of a run.
LONGEST_FILE, MOST_SOURCE = 200_000, 1_000_000
MOST_METHODS = 500  # of a class, inherited ones included: each class of a long line may add its own


@dataclass
class Exports:
    """The top level of one file. `problem` says why it could not be read, if so.

    takes: (file without folder and ending, name) of what it imports by name and does not rename.
    """

    file: str
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    takes: set[tuple[str, str]] = field(default_factory=set)
    problem: str = ""

    def names(self) -> set[str]:
        """Every top-level name that the file defines; `f()` too if f returns one of its own."""
        plain = [f for f in self.functions.values() if "." not in f.symbol]
        called = {f"{f.symbol}()" for f in plain if f.returns_its_own}
        return {f.symbol for f in plain} | called | set(self.classes)


def parsable(artifacts: Iterable[Artifact]) -> frozenset[str]:
    """The Python files of a run that are parsed: those of fair size, the smallest first."""
    files = [a for a in artifacts if a.path.endswith(".py") and a.bytes <= LONGEST_FILE]
    files.sort(key=lambda artifact: artifact.bytes)
    totals = accumulate(artifact.bytes for artifact in files)
    return frozenset(a.path for a, sum_ in zip(files, totals, strict=True) if sum_ <= MOST_SOURCE)


def read_exports(path: Path, file: str) -> Exports:
    """The exports of a file; a file that is not Python has none, and a problem."""
    try:
        return exports_of(ast.parse(decode(path.read_bytes())), file)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError, OSError) as error:
        return Exports(file, problem=f"{type(error).__name__}: {error}")


def exports_of(tree: ast.Module, file: str) -> Exports:
    """The exports of a syntax tree. Raises RecursionError for an expression nested too deep."""
    found = Exports(file)
    bases: dict[str, list[str]] = {}
    for node in definitions(tree):
        if isinstance(node, Definition):
            found.functions[node.name] = function(node, node.name)
        elif isinstance(node, ast.ClassDef):
            bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
            add_class(found, node)
        elif isinstance(node, ast.Assign):
            add_alias(found, node)
    found.functions = {
        symbol: completed(each, found.functions) for symbol, each in found.functions.items()
    }
    for name, parents in bases.items():
        family = dict.fromkeys((name, *parents))
        methods = (method for each in family for method in found.classes.get(each, ()))
        found.classes[name] = tuple(islice(dict.fromkeys(methods), MOST_METHODS))
    found.imports = unguarded_imports(tree)
    found.takes = taken_by_name(tree)
    return found


def decode(data: bytes) -> str:
    """Source text by Python's own rule (BOM, coding line, UTF-8); raises SyntaxError."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).replace("\r\n", "\n")


def definitions(tree: ast.Module) -> list[ast.stmt]:
    """Top-level statements, those in top-level `if` and `try` blocks included."""
    found: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.If):
            found += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            found += [*node.body, *(n for handler in node.handlers for n in handler.body)]
        else:
            found.append(node)
    return found


def add_class(found: Exports, node: ast.ClassDef) -> None:
    """Record a class, and those of its methods that can be called without further knowledge."""
    methods = [child for child in node.body if isinstance(child, Definition)]
    found.classes[node.name] = tuple(method.name for method in methods)
    makers = [function(method, "", skip=1) for method in methods if method.name == "__init__"]
    bare = not any(p for maker in makers for p in maker.params if not p.has_default)
    for method in methods:
        decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
        symbol = f"{node.name}.{method.name}"
        if "staticmethod" in decorators:
            found.functions[symbol] = function(method, symbol)
        elif "classmethod" in decorators:
            found.functions[symbol] = function(method, symbol, skip=1)
        elif bare and not method.name.startswith("__") and "property" not in decorators:
            found.functions[symbol] = function(method, symbol, skip=1, on_instance=True)


def add_alias(found: Exports, node: ast.Assign) -> None:
    """`new = old` and `new = wrap(old)` make a function available under another name."""
    value = node.value
    if isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    if not isinstance(value, ast.Name) or value.id not in found.functions:
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            known = found.functions[value.id]
            found.functions[target.id] = Function(target.id, known.params)


def unguarded_imports(tree: ast.Module) -> set[str]:
    """Top-level packages that must import for the file to load; those in a `try` need not."""
    found: set[str] = set()
    for node in tree.body:
        for child in [node] if not isinstance(node, ast.If) else node.body:
            if isinstance(child, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in child.names}
            elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
                found.add(child.module.partition(".")[0])
    return found


def taken_by_name(tree: ast.Module) -> set[tuple[str, str]]:
    """What is imported by name anywhere in a file: (last part of the module, name)."""
    return {
        (node.module.rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.asname in (None, alias.name)
    }
