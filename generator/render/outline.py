"""What a listed file defines at its top level, read from its syntax."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, replace

from generator.render.listing import Listing
from generator.runtimes.cuda.declarations import Function, functions


@dataclass(frozen=True)
class Definition:
    """A top-level function, or a class with its methods; anchor: its line on the listings' page."""

    kind: str
    name: str
    signature: str
    line: int
    lines: int
    anchor: str = ""


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
