"""Which of a file's functions launches the kernel, and how it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.data import EntryPoint
from generator.runtimes.cuda.declarations import Function, functions
from generator.runtimes.cuda.roles import arguments, instance, roles

WORDS = re.compile(r"[A-Z]*[a-z0-9]+|[A-Z]+")
NOT_THE_LAUNCHER = {
    "ref", "reference", "naive", "golden", "test", "verify", "check", "validate", "compare", "main",
}  # fmt: skip
UNLIKELY = {"host", "bench", "benchmark", "profile", "time", "timed", "measure"}


@dataclass(frozen=True)
class Launcher:
    """A host function that can be called: roles of its parameters, in order.

    roles: logits, idx, probs, rows, B, T, V, K, stream, temperature, or "default" for one that
    keeps its default. template: arguments of its template, "K" for K. index_bytes: 4 or 8.
    """

    function: Function
    roles: tuple[str, ...]
    template: tuple[str, ...]
    index_bytes: int
    rank: tuple[int, ...]

    @property
    def templated(self) -> bool:
        """Whether K is a template parameter."""
        return "K" in self.template


def find(source: str, entry: EntryPoint, names: tuple[str, ...]) -> list[Launcher]:
    """The launchers of a file, best first. names: accepted function names, the canonical first."""
    found = (_launcher(function, entry, names) for function in functions(source))
    return sorted((f for f in found if f), key=lambda launcher: launcher.rank)


def _launcher(function: Function, entry: EntryPoint, names: tuple[str, ...]) -> Launcher | None:
    """How a function is called, or None where it cannot be the launcher."""
    short = function.name.rpartition("::")[2]
    words = {word.lower() for word in WORDS.findall(short)}
    if function.kernel or function.on_host or words & NOT_THE_LAUNCHER or "cpu" in short.lower():
        return None
    template = arguments(function, entry.params)
    if template is None:
        return None
    function = instance(function, template)
    filled = roles(function, entry.params, templated="K" in template)
    if filled is None:
        return None
    index = next(p for p, r in zip(function.parameters, filled, strict=True) if r == "idx")
    wide = 8 if re.search(r"64|long|size_t|ptrdiff_t", index.type) else 4
    return Launcher(function, filled, template, wide, _rank(function, short, words, names))


def _rank(
    function: Function, short: str, words: set[str], names: tuple[str, ...]
) -> tuple[int, ...]:
    """Accepted names first, then those that hold the canonical one; then what launches a kernel."""
    by_name = (
        names.index(short)
        if short in names
        else len(names) + (_plain(names[0]) not in _plain(short))
    )
    return by_name, bool(words & UNLIKELY), not function.launches


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
