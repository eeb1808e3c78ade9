"""What a Python file defines, read from its syntax tree: nothing of it is executed."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

LONGEST_FILE = 500_000  # the time to parse some texts grows with the square of their length
MOST_METHODS = 500  # of a class, inherited ones included: each class of a long line may add its own
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function: `kind` is positional, keyword (only), args or kwargs."""

    name: str
    kind: str
    has_default: bool


@dataclass(frozen=True)
class Function:
    """A callable: `symbol` is `name` or `Class.name`.

    on_instance: a plain method of a class that can be made without arguments. hands_on: what it
    gives its own **kwargs to: (function, arguments passed by position, names passed by keyword).
    returns_its_own: what it returns holds a function that it defines.
    """

    symbol: str
    params: tuple[Parameter, ...]
    line: int
    decorators: tuple[str, ...] = ()
    on_instance: bool = False
    hands_on: tuple[str, int, tuple[str, ...]] | None = None
    returns_its_own: bool = False

    @property
    def name(self) -> str:
        """The name without its class."""
        return self.symbol.rpartition(".")[2]


@dataclass
class Exports:
    """The top level of one file. `problem` says why it could not be read, if so."""

    file: str
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    problem: str = ""

    def names(self) -> set[str]:
        """Every top-level name that the file defines; `f()` too if f returns one of its own."""
        plain = [f for f in self.functions.values() if "." not in f.symbol]
        called = {f"{f.symbol}()" for f in plain if f.returns_its_own}
        return {f.symbol for f in plain} | called | set(self.classes)


def read_exports(path: Path, file: str) -> Exports:
    """The exports of a file; a file that is not Python has none, and a problem."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise ValueError(f"longer than {LONGEST_FILE:,} bytes")
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


def function(node: Definition, symbol: str, skip: int = 0, on_instance: bool = False) -> Function:
    """The signature of a definition, its first `skip` parameters (self or cls) left out."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    without_default = len(positional) - len(given.defaults)
    params = [
        Parameter(a.arg, "positional", i >= without_default) for i, a in enumerate(positional)
    ]
    params += [Parameter(given.vararg.arg, "args", True)] if given.vararg else []
    params += [
        Parameter(a.arg, "keyword", default is not None)
        for a, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    params += [Parameter(given.kwarg.arg, "kwargs", True)] if given.kwarg else []
    decorators = tuple(ast.unparse(decorator) for decorator in node.decorator_list)
    passed = handed_on(node) if given.kwarg else None
    inner = {n.name for n in ast.walk(node) if isinstance(n, Definition) and n is not node}
    ends = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value]
    own = any(isinstance(n, ast.Name) and n.id in inner for end in ends for n in parts_of(end))
    given_on = (passed, own)
    return Function(symbol, tuple(params[skip:]), node.lineno, decorators, on_instance, *given_on)


def parts_of(value: ast.expr) -> list[ast.expr]:
    """An expression, or the items of a tuple."""
    return value.elts if isinstance(value, ast.Tuple) else [value]


def handed_on(node: Definition) -> tuple[str, int, tuple[str, ...]] | None:
    """The first call in a definition that is given its **kwargs; see Function.hands_on."""
    own = node.args.kwarg.arg if node.args.kwarg else ""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        spread = [
            k.value.id for k in call.keywords if k.arg is None and isinstance(k.value, ast.Name)
        ]
        if own in spread:
            return call.func.id, len(call.args), tuple(k.arg for k in call.keywords if k.arg)
    return None


def completed(wrapper: Function, known: dict[str, Function]) -> Function:
    """A wrapper whose **kwargs are the open parameters of the function that they are given to."""
    name, count, named = wrapper.hands_on or ("", 0, ())
    if name not in known or known[name] is wrapper:
        return wrapper
    own = {p.name for p in wrapper.params}
    rest = [
        Parameter(p.name, "keyword", p.has_default)
        for p in known[name].params[count:]
        if p.kind in ("positional", "keyword") and p.name not in own and p.name not in named
    ]
    params = tuple(p for p in wrapper.params if p.kind != "kwargs")
    catches_all = any(p.kind == "kwargs" for p in known[name].params)
    more = (Parameter("kwargs", "kwargs", True),) if catches_all else ()
    return replace(wrapper, params=(*params, *rest, *more))


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
            found.functions[target.id] = Function(target.id, known.params, node.lineno)


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
