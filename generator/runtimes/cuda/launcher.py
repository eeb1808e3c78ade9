"""Which of a file's functions launches the kernel, and what each of its parameters is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator.data import EntryPoint
from generator.runtimes.cuda.declarations import Function, Parameter, functions

INTEGER = re.compile(
    r"(const )?(unsigned |signed )?(int|u?int32_t|u?int64_t|size_t|long( long)?( int)?)"
)
SIZES = {2: ("rows", "V"), 3: ("rows", "V", "K"), 4: ("B", "T", "V", "K")}
TEMPLATED_SIZES = {2: ("rows", "V"), 3: ("B", "T", "V")}
NOT_THE_LAUNCHER = re.compile(
    r"(^|_|::)(cpu|ref|reference|naive|test|verify|check|main)(_|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class Launcher:
    """A host function that can be called: roles of its parameters, in order.

    roles: logits, idx, probs, rows, B, T, V, K, stream, or "default" for one that is left out.
    templated: whether K is a template parameter. index_bytes: 4 or 8.
    """

    function: Function
    roles: tuple[str, ...]
    templated: bool
    index_bytes: int
    rank: int


def find(source: str, entry: EntryPoint, names: tuple[str, ...]) -> list[Launcher]:
    """The launchers of a file, best first. names: accepted function names, the canonical first."""
    found = []
    for function in functions(source):
        short = function.name.rpartition("::")[2]
        if function.kernel or NOT_THE_LAUNCHER.search(short):
            continue
        roles = _roles(function, entry.params)
        if roles is None:
            continue
        templated = any(_names(p, entry.params, "K") for p in function.template)
        index = next(p for p, r in zip(function.parameters, roles, strict=True) if r == "idx")
        rank = (
            names.index(short)
            if short in names
            else len(names) + (_plain(names[0]) not in _plain(short))
        )
        wide = 8 if re.search(r"64|long|size_t", index.type) else 4
        found.append(Launcher(function, roles, templated, wide, rank))
    return sorted(found, key=lambda launcher: launcher.rank)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _names(parameter: Parameter, params: Mapping[str, tuple[str, ...]], role: str) -> bool:
    """Whether a parameter's name is that of a role; case counts only where two roles need it to."""
    name = parameter.name
    return (
        name == role
        or name in params[role]
        or name.lower() in {a.lower() for a in params[role] if len(a) > 1}
    )


def _roles(function: Function, params: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """A role for every parameter, or None where the function cannot be the launcher."""
    templated = any(_names(p, params, "K") for p in function.template)
    roles = [_by_type(p) for p in function.parameters]
    _outputs(function, roles, params)
    sizes = [i for i, role in enumerate(roles) if role == "size"]
    named = [_size(function.parameters[i], params) for i in sizes]
    if None in named or len(set(named)) < len(named) or "V" not in named:
        named = list((TEMPLATED_SIZES if templated else SIZES).get(len(sizes), ()))
    if "T" in named:  # then what else counts rows is the batch
        named = ["B" if role == "rows" else role for role in named]
    for i, role in zip(sizes, named, strict=False):
        roles[i] = role or ""
    needed = {"logits", "idx", "probs", "V"} | (set() if templated else {"K"})
    counted = {"rows"} <= set(roles) or {"B", "T"} <= set(roles)
    unknown = any(r in {"", "size", "float*"} for r in roles)
    return None if unknown or not counted or not needed <= set(roles) else tuple(roles)


def _by_type(parameter: Parameter) -> str:
    """What the type alone says; "" for what no caller of ours could fill in."""
    written = re.sub(r"\s*\*", "*", parameter.type)
    if written in {"const float*", "float const*"}:
        return "logits"
    if written == "float*":
        return "float*"
    if written.endswith("*") and INTEGER.fullmatch(written[:-1].strip()) and "const" not in written:
        return "idx"
    if "cudaStream_t" in written:
        return "stream"
    if INTEGER.fullmatch(written):
        return "size"
    return "default" if parameter.default else ""


def _outputs(function: Function, roles: list[str], params: Mapping[str, tuple[str, ...]]) -> None:
    """Tell apart what is not const: one is the probabilities; where two are, names decide."""
    loose = [i for i, role in enumerate(roles) if role == "float*"]
    if "logits" not in roles and len(loose) == 2:
        named = [i for i in loose if _names(function.parameters[i], params, "logits")]
        roles[(named or loose)[0]] = "logits"
    for i in loose:
        if roles[i] == "float*" and "probs" not in roles:
            roles[i] = "probs"


def _size(parameter: Parameter, params: Mapping[str, tuple[str, ...]]) -> str | None:
    """The size that a parameter is named after: exactly, then by any accepted name."""
    sizes = ("rows", "B", "T", "V", "K")
    exact = [role for role in sizes if parameter.name == role or parameter.name in params[role]]
    return next(iter(exact or [r for r in sizes if _names(parameter, params, r)]), None)
