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
    tree.body = _kept(tree.body, callable_names)
    return compile(tree, path, "exec")


def _kept(body: list[ast.stmt], callable_names: frozenset[str]) -> list[ast.stmt]:
    """The statements that define something, without those that need what another one would do."""
    kept, lost = [], set[str]()
    for node in body:
        assigns = isinstance(node, (ast.Assign, ast.AnnAssign))
        if _defines(node, callable_names) and not (assigns and _names(node, ast.Load) & lost):
            kept.append(node)
            lost -= _names(node, ast.Store) if assigns else set()
        else:
            lost |= _names(node, ast.Store)
    return kept


def _names(node: ast.stmt, context: type[ast.expr_context]) -> set[str]:
    """Names that a statement reads, or assigns."""
    found = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)]
    return {name.id for name in found}


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
        return node.value is None or (_simple(node.value, callables) and not _unpacks(node))
    if isinstance(node, ast.If):
        blocks = node.body + node.orelse
        return not _is_main(node.test) and all(_defines(n, callables) for n in blocks)
    if isinstance(node, ast.Try):
        blocks = node.body + node.orelse + [n for handler in node.handlers for n in handler.body]
        return not node.finalbody and all(_defines(n, callables) for n in blocks)
    return isinstance(node, ast.Pass) or _docstring(node) or _registers(node)


def _unpacks(node: ast.Assign | ast.AnnAssign) -> bool:
    """`model, tokenizer = load(...)`: what a call returns is taken apart, which is work."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return isinstance(node.value, ast.Call) and any(
        isinstance(target, (ast.Tuple, ast.List)) for target in targets
    )


def _registers(node: ast.stmt) -> bool:
    """`project.vjp(backward)`: a function's derivative, which is part of its definition."""
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.attr in ("vjp", "jvp", "vmap", "defvjp", "defjvp", "register")
        and all(isinstance(argument, (ast.Name, ast.Lambda)) for argument in call.args)
    )


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
