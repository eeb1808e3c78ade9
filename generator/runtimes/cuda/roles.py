"""What each parameter of a function and of its template is for, by type, name and position."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from generator.runtimes.cuda.declarations import Function
from generator.runtimes.cuda.parameters import Parameter, renamed

INTEGER = re.compile(
    r"(const )?(std::)?((unsigned |signed )?(int|long( long)?( int)?)|unsigned|u?int(32|64)_t|"
    r"size_t|ptrdiff_t)( const)?"
)
SIZES = {2: ("rows", "V"), 3: ("rows", "V", "K"), 4: ("B", "T", "V", "K")}
TEMPLATED_SIZES = {2: ("rows", "V"), 3: ("B", "T", "V")}
LARGE_ENOUGH = re.compile(  # of a template: 256 will do, but not for how much each thread does
    r"(?!.*(warp|row|item|vec|elem|per_?thread)).*(max|block|thread)", re.IGNORECASE
)
Names = Mapping[str, tuple[str, ...]]


def named_after(parameter: Parameter, params: Names, role: str) -> bool:
    """Whether a parameter's name is that of a role; case counts only where two roles need it to."""
    name = parameter.name
    return (
        name == role
        or name in params[role]
        or name.lower() in {a.lower() for a in params[role] if len(a) > 1}
    )


def arguments(function: Function, params: Names) -> tuple[str, ...] | None:
    """The template's arguments, "K" for K itself, up to a default; None where one is unknown."""
    numbers = [p for p in function.template if INTEGER.fullmatch(p.type) or p.type == "auto"]
    asked = any(named_after(p, params, "K") for p in function.parameters)
    found: list[str] = []
    for parameter in function.template:
        if parameter in numbers and named_after(parameter, params, "K"):
            argument = "K"
        elif parameter.type in {"typename", "class"} and parameter.name:
            argument = _element(function, parameter.name, params)
        elif parameter.default:
            break
        elif LARGE_ENOUGH.match(parameter.name):
            argument = "256"
        else:
            argument = "K" if len(numbers) == 1 and not asked else ""
        if not argument and parameter.default:
            break
        if not argument:
            return None
        found.append(argument)
    return tuple(found)


def _element(function: Function, name: str, params: Names) -> str:
    """What a template's type stands for: float for logits and probabilities, int for indices."""
    pointers = [p for p in function.parameters if re.search(rf"\b{name}\b.*\*", p.type)]
    if any("const" in p.type or _any(p, params, "logits", "probs") for p in pointers):
        return "float"
    return "int" if any(named_after(p, params, "idx") for p in pointers) else ""


def _any(parameter: Parameter, params: Names, *roles: str) -> bool:
    return any(named_after(parameter, params, role) for role in roles)


def instance(function: Function, given: tuple[str, ...]) -> Function:
    """The function with the types that its template is given."""
    types = {
        p.name: argument
        for p, argument in zip(function.template, given, strict=False)
        if p.type in {"typename", "class"}
    }
    changed = [replace(p, type=renamed(p.type, types)) for p in function.parameters]
    return replace(function, parameters=tuple(changed))


def roles(function: Function, params: Names, *, templated: bool) -> tuple[str, ...] | None:
    """A role for every parameter, or None where the function cannot be the launcher."""
    found = [_by_type(p) for p in function.parameters]
    _outputs(function, found, params)
    _sizes(function, found, params, templated=templated)
    filled = [role for role in found if role != "default"]
    needed = {"logits", "idx", "probs", "V"} | (set() if templated else {"K"})
    counted = {"rows"} <= set(found) or {"B", "T"} <= set(found)
    unknown = any(r in {"", "size", "float*"} for r in found) or len(set(filled)) < len(filled)
    return None if unknown or not counted or not needed <= set(found) else tuple(found)


def _by_type(parameter: Parameter) -> str:
    """What the type alone says; "" for what no caller of ours could fill in."""
    written = re.sub(r"\s*\*", "*", parameter.type)
    if written.endswith("*") and parameter.default:
        return "default"  # work space or the like that may be left out
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
    if re.fullmatch(r"(const )?float", written) and re.match("temp", parameter.name):
        return "default" if parameter.default else "temperature"
    return "default" if parameter.default else ""


def _outputs(function: Function, found: list[str], params: Names) -> None:
    """Tell apart what is not const: one is the probabilities; where two are, names decide."""
    loose = [i for i, role in enumerate(found) if role == "float*"]
    if "logits" not in found and len(loose) == 2:
        named = [i for i in loose if named_after(function.parameters[i], params, "logits")]
        found[(named or loose)[0]] = "logits"
    for i in loose:
        if found[i] == "float*" and "probs" not in found:
            found[i] = "probs"


def _sizes(function: Function, found: list[str], params: Names, *, templated: bool) -> None:
    """Sizes by name where the names tell; else by position, unless a name says otherwise."""
    sizes = [i for i, role in enumerate(found) if role == "size"]
    named = {i: _size(function.parameters[i], params) for i in sizes}
    for i in [i for i in sizes if named[i] is None and function.parameters[i].default]:
        found[i] = "default"
        del named[i]
    said = list(named.values())
    if None in said or len(set(said)) < len(said) or "V" not in said:
        placed = (TEMPLATED_SIZES if templated else SIZES).get(len(said), ())
        clash = any(
            {name, place} & {"V", "K"} and name not in {None, "rows", place}
            for name, place in zip(said, placed, strict=False)
        )
        said = [] if clash else list(placed)
    if {"B", "T"} <= set(said) or {"rows", "T"} <= set(said):
        said = ["B" if role == "rows" else role for role in said]
    else:  # one of them alone counts all rows
        said = ["rows" if role in {"B", "T"} else role for role in said]
    for i, role in zip(named, said, strict=False):
        found[i] = role or ""


def _size(parameter: Parameter, params: Names) -> str | None:
    """The size that a parameter is named after: exactly, then by any accepted name."""
    sizes = ("rows", "B", "T", "V", "K")
    exact = [role for role in sizes if parameter.name == role or parameter.name in params[role]]
    return next(iter(exact or [r for r in sizes if named_after(parameter, params, r)]), None)
