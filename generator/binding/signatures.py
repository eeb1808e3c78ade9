"""The signature of a function, read from its definition: nothing of it is executed."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

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
    on_instance: bool = False
    hands_on: tuple[str, int, tuple[str, ...]] | None = None
    returns_its_own: bool = False

    @property
    def name(self) -> str:
        """The name without its class."""
        return self.symbol.rpartition(".")[2]


def function(node: Definition, symbol: str, skip: int = 0, on_instance: bool = False) -> Function:
    """The signature of a definition, its first `skip` parameters (self or cls) left out."""
    return Function(
        symbol,
        tuple(parameters(node.args)[skip:]),
        on_instance,
        hands_on=handed_on(node) if node.args.kwarg else None,
        returns_its_own=returns_its_own(node),
    )


def parameters(given: ast.arguments) -> list[Parameter]:
    """The parameters of a definition, in order."""
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
    return params


def returns_its_own(node: Definition) -> bool:
    """Whether a definition returns a function that it defines, alone or in a tuple."""
    inner = {n.name for n in ast.walk(node) if isinstance(n, Definition) and n is not node}
    ends = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value]
    return any(
        isinstance(part, ast.Name) and part.id in inner for end in ends for part in parts_of(end)
    )


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
