"""The parameters of a C++ function or template, out of the text between their brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

NOT_NAMES = {"int", "unsigned", "signed", "long", "short", "char", "float", "double", "bool"} | {
    "void", "const", "size_t", "ptrdiff_t", "int32_t", "uint32_t", "int64_t", "uint64_t",
    "cudaStream_t", "typename", "class", "auto",
}  # fmt: skip
CAST = re.compile(  # (const float*)x, (const float*)(x), static_cast<const float*>(x)
    r"(?:\(|_cast\s?<)\s{0,9}([A-Za-z_][\w:\s]{0,60}[\s*]{0,9})"
    r"(?:\)\s{0,9}\(?|>\s?\()\s{0,9}([A-Za-z_]\w*)"
)
ALIAS = re.compile(  # a type of seven words at most, and nothing is tried twice
    r"\busing\s++(\w++)\s*+=\s*+([\w:]++(?:\s++[\w:]++){0,6})\s*+;"
    r"|\btypedef\s++([\w:]++(?:\s++[\w:]++){0,6}?)\s++(\w++)\s*+;"
)


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type as written, without its name or default; "" for a missing name."""

    type: str
    name: str
    default: str = ""


def parameters(text: str, aliases: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters of a list, in order, names of types replaced by what they stand for."""
    return tuple(_parameter(renamed(part, aliases)) for part in _split(text))


def as_cast(
    taken: tuple[Parameter, ...], body: str, aliases: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """Each `void*` with the type that the function's body casts it to, if that is one type."""
    blank = {p.name for p in taken if p.type in {"void*", "const void*"}}
    types: dict[str, set[str]] = {name: set() for name in blank}
    for text, name in CAST.findall(body) if blank else ():
        if name in blank:
            types[name].add(_parameter(f"{renamed(text, aliases)} x").type)
    known = {name: found.pop() for name, found in types.items() if len(found) == 1}
    return tuple(replace(p, type=known.get(p.name, p.type)) for p in taken)


def aliases(source: str) -> dict[str, str]:
    """What `using` and `typedef` call plain types in this source, to be looked up once."""
    found = {m[1] or m[4]: m[2] or m[3] for m in ALIAS.finditer(source)}
    return {name: type_ for name, type_ in found.items() if name not in NOT_NAMES}


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with whole words replaced."""
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text) if names else text


def _split(text: str) -> list[str]:
    """Parameters between commas that stand outside brackets. Within parentheses, < compares."""
    parts, angles, round_ones, current = [], 0, 0, ""
    for character in text:
        round_ones += (character in "([") - (character in ")]")
        angles += ((character == "<") - (character == ">")) * (round_ones == 0)
        if character == "," and not angles and not round_ones:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return [part.strip() for part in parts if part.strip() not in {"", "void"}]


def _parameter(text: str) -> Parameter:
    """`const float* __restrict__ x = 0` -> type, name and default; `x[]` is a pointer."""
    text, _, default = text.partition("=")
    spaced = re.sub(r"\b__restrict__\b|\b__restrict\b|\brestrict\b", " ", text)
    spaced = re.sub(r"(\w+)\s*\[\w*\]\s*$", r"* \1", spaced)
    words = spaced.replace("*", " * ").replace("&", " & ").split()
    named = len(words) > 1 and re.fullmatch(r"[A-Za-z_]\w*", words[-1])
    name = words.pop() if named and words[-1] not in NOT_NAMES else ""
    written = re.sub(r"\* const\b", "*", " ".join(words))  # the pointer itself does not move
    return Parameter(written.replace(" *", "*"), name, default.strip())
