"""Find host launchers in CUDA source by reading its declarations; nothing is compiled here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BLANKED = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)
FUNCTION = re.compile(
    r"([A-Za-z_][\w:]*)\s*\(([^(){}]*(?:\([^(){}]*\)[^(){}]*)*)\)\s*(noexcept\s*)?$"
)
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\s*((?:\w+\s*::\s*)*\w*)\s*$")
TEMPLATE = re.compile(r"template\s*<([^<>]*)>")
ON_DEVICE = re.compile(r"__(global|device)__")
NOT_A_TYPE = {"static", "inline", "extern", "constexpr", "__host__", "__forceinline__", "template"}


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type as written, without its name or default; "" for a missing name."""

    type: str
    name: str
    default: str = ""


@dataclass(frozen=True)
class Function:
    """A function defined at namespace scope. `name` is qualified; `line` counts from 1."""

    name: str
    returns: str
    parameters: tuple[Parameter, ...]
    template: tuple[Parameter, ...]
    line: int
    kernel: bool


def functions(source: str) -> list[Function]:
    """Every function defined in the source outside classes, in order."""
    return [f for f in (_function(*found) for found in _headers(_blank(source))) if f]


def _blank(source: str) -> str:
    """The source with comments, strings and preprocessor lines replaced by spaces, lines kept.

    The braces of `extern "C" {` stay, so what it holds counts as being at namespace scope.
    """

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return BLANKED.sub(spaces, source)


def _headers(text: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """What stands before each `{` at namespace scope: text, enclosing namespaces, line."""
    scopes: list[str | None] = []  # a namespace's name, "" for one that adds none, None for a body
    start = 0
    for at, character in enumerate(text):
        if character not in "{};":
            continue
        if character == "{":
            header = text[start:at].strip()
            open_scope = all(scope is not None for scope in scopes)
            name = _scope(header)
            if open_scope and name is None:
                line = text.count("\n", 0, at - len(text[start:at].lstrip())) + 1
                yield header, tuple(s for s in scopes if s), line
            scopes.append(name if open_scope else None)
        elif character == "}" and scopes:
            scopes.pop()
        start = at + 1


def _scope(header: str) -> str | None:
    """The namespace that a header opens, "" for `extern "C"`, None for anything else."""
    if header == "extern":
        return ""
    found = NAMESPACE.fullmatch(header)
    return re.sub(r"\s", "", found[1]) if found else None


def _function(header: str, scopes: tuple[str, ...], line: int) -> Function | None:
    """The function that a header declares, or None for a class, an initialiser or the like."""
    found = FUNCTION.search(header)
    if not found or found[1] in {"if", "for", "while", "switch", "catch"}:
        return None
    before = header[: found.start()]
    template = TEMPLATE.search(before)
    words = TEMPLATE.sub(" ", before).replace("*", " * ").split()
    returns = " ".join(word for word in words if word not in NOT_A_TYPE)
    if not returns:
        return None
    return Function(
        name="::".join((*scopes, found[1])),
        returns=returns,
        parameters=tuple(_parameter(part) for part in _split(found[2])),
        template=tuple(_parameter(part) for part in _split(template[1])) if template else (),
        line=line,
        kernel=bool(ON_DEVICE.search(header)),
    )


def _split(text: str) -> list[str]:
    """Parameters between commas that stand outside brackets."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return [part.strip() for part in parts if part.strip() not in {"", "void"}]


def _parameter(text: str) -> Parameter:
    """`const float* __restrict__ x = 0` -> type, name and default."""
    text, _, default = text.partition("=")
    spaced = re.sub(r"\b__restrict__\b|\b__restrict\b|\brestrict\b", " ", text)
    words = spaced.replace("*", " * ").replace("&", " & ").split()
    named = len(words) > 1 and re.fullmatch(r"[A-Za-z_]\w*", words[-1]) and words[-1] not in TYPES
    name = words.pop() if named else ""
    return Parameter(" ".join(words).replace(" *", "*"), name, default.strip())


TYPES: Mapping[str, str] = {
    **dict.fromkeys(("int", "int32_t", "unsigned", "uint32_t"), "int32"),
    **dict.fromkeys(("long", "int64_t", "size_t", "uint64_t", "ptrdiff_t"), "int64"),
    **dict.fromkeys(("float", "const", "double", "bool", "void", "cudaStream_t"), ""),
}
