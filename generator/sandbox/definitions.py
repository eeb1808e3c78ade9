"""Compiling only what a file defines: imports, functions, classes and simple assignments.

For files that train, plot or never end when imported. The file itself is not edited.
"""

from __future__ import annotations

import ast
import builtins
from types import CodeType

_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SIMPLE = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp,
    ast.BinOp, ast.BoolOp, ast.Compare, ast.Subscript, ast.Slice, ast.JoinedStr, ast.FormattedValue,
    ast.IfExp, ast.Starred, ast.Lambda, ast.keyword, ast.expr_context, ast.operator, ast.unaryop,
    ast.boolop, ast.cmpop,
)  # fmt: skip
_NEVER = frozenset(
    {"input", "open", "exec", "eval", "print", "exit", "quit", "breakpoint", "__import__"}
)


def compile_definitions(source: bytes, path: str) -> CodeType:
    """Compile the file without the statements that do something. Raises SyntaxError."""
    tree = ast.parse(source, path)
    callable_names = _imported(tree) | (frozenset(dir(builtins)) - _NEVER)
    tree.body = [node for node in tree.body if _defines(node, callable_names)]
    return compile(tree, path, "exec")


def _imported(tree: ast.Module) -> frozenset[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return frozenset(found)


def _defines(node: ast.stmt, callables: frozenset[str]) -> bool:
    if isinstance(node, _KEPT):
        return True
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is None or _simple(node.value, callables)
    if isinstance(node, ast.If):
        blocks = node.body + node.orelse
        return not _is_main(node.test) and all(_defines(n, callables) for n in blocks)
    if isinstance(node, ast.Try):
        blocks = node.body + node.orelse + [n for handler in node.handlers for n in handler.body]
        return not node.finalbody and all(_defines(n, callables) for n in blocks)
    return isinstance(node, ast.Pass) or _docstring(node)


def _simple(value: ast.expr, callables: frozenset[str]) -> bool:
    """True for constants, arithmetic on names, and calls of what was imported or is built in."""
    if isinstance(value, ast.Lambda):
        return True
    if isinstance(value, ast.Call) and _root(value.func) not in callables:
        return False
    if not isinstance(value, (*_SIMPLE, ast.Call)):
        return False
    children = [n for n in ast.iter_child_nodes(value) if isinstance(n, (ast.expr, ast.keyword))]
    return all(_simple(n.value if isinstance(n, ast.keyword) else n, callables) for n in children)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_main(test: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test))


def _docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
