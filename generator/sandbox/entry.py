"""The namespace that a challenge's drive.py calls: canonical keyword arguments in, whatever out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from .loading import Loader


class Entry:
    """`entry.<role>(**canonical)` calls what was bound to it; `module` is the first one loaded.

    refusal: the class that the adapter raises for what an interface cannot express, if any.
    """

    def __init__(
        self,
        calls: Mapping[str, Callable[..., Any]],
        raws: Mapping[str, Any],
        module: ModuleType,
        refusal: type[Exception] | None = None,
    ) -> None:
        self.__dict__.update(calls)
        self._raws = dict(raws)
        self.module = module
        self.refusal = refusal

    def has(self, role: str) -> bool:
        """Whether this role was bound."""
        return role in self._raws

    def raw(self, role: str) -> Any:
        """The output's own callable. Raises KeyError for a role that was not bound."""
        return self._raws[role]

    def signature(self, role: str) -> inspect.Signature:
        """The signature of the output's own callable."""
        return inspect.signature(self._raws[role])


def build(loader: Loader, binding: Mapping[str, Any], adapter: CodeType | None) -> Entry:
    """Load what the binding names and return the namespace. Raises whatever the output raises."""
    if adapter is not None:
        return _adapted(loader, binding, adapter)
    calls, raws, modules = {}, {}, []
    for role, bound in binding["entry"].items():
        modules.append(loader.load(bound["file"]))
        raws[role] = resolve(modules[-1], bound["symbol"])
        calls[role] = partial(_call, raws[role], bound["passes"])
    if not modules:
        raise LookupError("the binding names no entry point")
    return Entry(calls, raws, modules[0])


def resolve(module: ModuleType, symbol: str) -> Any:
    """The object that `func`, `Class` or `Class.method` names; a plain method gets an instance."""
    owner: Any = module
    *path, last = symbol.split(".")
    for name in path:
        owner = getattr(owner, name)
    found = inspect.getattr_static(owner, last, None)
    if inspect.isclass(owner) and inspect.isfunction(found):
        owner = owner()
    return getattr(owner, last)


def _call(function: Callable[..., Any], passes: Mapping[str, int | str], **canonical: Any) -> Any:
    """Call with each canonical argument at its position or under its keyword; drop the unknown."""
    known = {name: passes[name] for name in canonical if name in passes}
    placed = {at: canonical[name] for name, at in known.items() if isinstance(at, int)}
    named = {at: canonical[name] for name, at in known.items() if isinstance(at, str)}
    args: list[Any] = []
    while len(args) in placed:
        args.append(placed.pop(len(args)))
    if placed:  # a position was left out: the rest can only go by name
        own = list(inspect.signature(function).parameters)
        named |= {own[at]: value for at, value in placed.items()}
    return function(*args, **named)


def _adapted(loader: Loader, binding: Mapping[str, Any], adapter: CodeType) -> Entry:
    code = ModuleType("adapter")
    exec(adapter, code.__dict__)
    module = loader.load(binding["module"])
    calls = code.__dict__["entry"](module, loader.load)
    return Entry(calls, calls, module, code.__dict__.get("NotTestable"))
