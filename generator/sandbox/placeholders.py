"""Inert modules, served in place of libraries that are not here, so that the rest can be imported.

Every attribute of an inert module is inert: it can be called, subclassed, iterated (empty), entered
as a context and used as a decorator, and it does nothing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from types import FunctionType, ModuleType
from typing import Any


class InertBase:
    """What a class that inherits from an inert attribute really inherits from."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        pass


class Inert:
    """Accepts everything and does nothing."""

    def __init__(self, name: str) -> None:
        self.__dict__["_inert_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Inert(f"{self._inert_name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a decorator, return what is decorated; otherwise something inert."""
        if len(args) == 1 and not kwargs and isinstance(args[0], (FunctionType, type)):
            return args[0]
        return Inert(f"{self._inert_name}()")

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (type(self._inert_name.rpartition(".")[2], (InertBase,), {}),)

    def __getitem__(self, _key: Any) -> Any:
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_args: object) -> None:
        return None

    def __instancecheck__(self, _instance: object) -> bool:
        return False

    def __subclasscheck__(self, _cls: type) -> bool:
        return False

    def _no(self, _other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _no

    def _same(self, *_args: Any) -> Any:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _same
    )
    __matmul__ = __rmatmul__ = __pow__ = __neg__ = __or__ = __ror__ = __and__ = __mod__ = _same

    def __repr__(self) -> str:
        return f"<inert {self._inert_name}>"


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves an inert module for each of the given top-level names and all that is below them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(name.partition(".")[0] for name in names)

    def find_spec(
        self,
        fullname: str,
        path: Any = None,  # noqa: ARG002
        target: Any = None,  # noqa: ARG002 - the import system's interface
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim the names; `path` and `target` are the import system's and are not needed."""
        if fullname.partition(".")[0] not in self._names:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """An empty module whose attributes are inert."""
        module = ModuleType(spec.name)
        module.__dict__["__getattr__"] = lambda name: _attribute(spec.name, name)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def _attribute(module: str, name: str) -> Any:
    if name == "__version__":
        return "0"
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(name)
    return Inert(f"{module}.{name}")


def install(names: tuple[str, ...]) -> None:
    """Serve these names from now on, ahead of every other finder; loaded modules stay."""
    if names:
        sys.meta_path.insert(0, Finder(names))
