"""Find functions in CUDA source by reading its declarations; nothing is compiled here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from generator.runtimes.cuda.parameters import Parameter, aliases, as_cast, parameters

BLANKED = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    r"|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)
FUNCTION = re.compile(
    r"(?<![\w:])([A-Za-z_][\w:]*)\s*\(([^(){}]*(?:\([^(){}]*\)[^(){}]*)*)\)\s*(?:noexcept\s*)?"
    r"(?:->\s*([\w:]+)\s*)?$"
)
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\s*((?:\w+\s*::\s*)*\w*)\s*$")
CLASS = re.compile(r"(?:class|struct)\s+(\w+)\s*(?:final\s*)?(?::[^:][^{}()]*)?$")
ACCESS = re.compile(r"^\s*(?:public|protected|private)\s*:(?!:)\s*")
ON_DEVICE = re.compile(r"__(global|device)__")
NOT_A_TYPE = {"static", "inline", "extern", "constexpr", "__host__", "__forceinline__", "auto"}
FROM_HOST = re.compile(r"cudaMemcpy\w*\s?\([^,;]{0,200},\s*(\w+)\b[^;]{0,500}HostToDevice")
LONGEST_HEADER = 20_000


@dataclass(frozen=True)
class Function:
    """A function that can be called by its qualified name; `line` counts from 1.

    launches: whether a kernel is launched in its own body. on_host: whether an argument is copied
    there from the host's memory.
    """

    name: str
    returns: str
    parameters: tuple[Parameter, ...]
    template: tuple[Parameter, ...]
    line: int
    kernel: bool
    launches: bool = False
    on_host: bool = False


@dataclass(frozen=True)
class Scope:
    """What a brace opened: a namespace, a class, or (name None) a body that is not looked into."""

    name: str | None
    is_class: bool = False


@dataclass(frozen=True)
class Header:
    """What stands before a `{`: text, enclosing scopes and line; and the body that follows."""

    text: str
    scopes: tuple[Scope, ...]
    line: int
    body: str


def functions(source: str) -> list[Function]:
    """Every function defined at namespace scope, and every static one of a class, in order."""
    text = _blank(source)
    known = aliases(text)
    return [f for f in (_function(header, known) for header in _headers(text)) if f]


def _blank(source: str) -> str:
    """The source with comments, strings and preprocessor lines replaced by spaces, lines kept.

    The braces of `extern "C" {` stay, so what it holds counts as being at namespace scope.
    """

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return BLANKED.sub(spaces, source)


def _headers(text: str) -> Iterator[Header]:
    """Every header of a body that lies in namespaces or classes only, as its body ends."""
    scopes: list[Scope] = []
    start, line, depth, begun = 0, 1, 0, 0
    waiting: tuple[str, int] | None = None  # header and line of the outermost body that is open
    for found in re.finditer(r"[{};]", text):
        at, character = found.start(), found[0]
        header = text[start:at]
        if character == "{":
            opened = Scope(None) if waiting else _scope(header.strip())
            if opened.name is None and waiting is None:
                before = len(header) - len(header.lstrip())
                waiting = header.strip(), line + header.count("\n", 0, before)
                depth, begun = len(scopes), at
            scopes.append(opened)
        elif character == "}" and scopes:
            scopes.pop()
            if waiting and len(scopes) == depth:
                yield Header(waiting[0], tuple(scopes), waiting[1], text[begun:at])
                waiting = None
        line += header.count("\n")
        start = at + 1
    if waiting:
        yield Header(waiting[0], tuple(scopes[:depth]), waiting[1], text[begun:])


def _scope(header: str) -> Scope:
    """What a header opens; a name "" adds nothing to those of what is inside."""
    if header == "extern":
        return Scope("")
    if found := NAMESPACE.fullmatch(header):
        return Scope(re.sub(r"\s", "", found[1]))
    found = CLASS.fullmatch(ACCESS.sub("", header)[:LONGEST_HEADER])
    return Scope(found[1], is_class=True) if found else Scope(None)


def _function(header: Header, known: dict[str, str]) -> Function | None:
    """The function that a header declares, or None for an initialiser, a method or the like."""
    text, template = _template(ACCESS.sub("", header.text[-LONGEST_HEADER:]))
    found = FUNCTION.search(text)
    if not found or found[1] in {"if", "for", "while", "switch", "catch"}:
        return None
    words = text[: found.start()].replace("*", " * ").split()
    returns = found[3] or " ".join(word for word in words if word not in NOT_A_TYPE)
    returns = returns or ("auto" if "auto" in words else "")
    in_class = bool(header.scopes) and header.scopes[-1].is_class
    if not returns or (in_class and "static" not in words):
        return None
    taken = as_cast(parameters(found[2], known), header.body, known)
    return Function(
        name="::".join((*(s.name for s in header.scopes if s.name), found[1])),
        returns=returns,
        parameters=taken,
        template=parameters(template, known),
        line=header.line,
        kernel=bool(ON_DEVICE.search(text)),
        launches="<<<" in header.body,
        on_host=not {p.name for p in taken}.isdisjoint(FROM_HOST.findall(header.body)),
    )


def _template(header: str) -> tuple[str, str]:
    """A header without its `template <...>`, and what stood between those brackets."""
    found = re.match(r"\s*template\s*<", header)
    if not found:
        return header, ""
    angles, round_ones = 1, 0
    for at in range(found.end(), len(header)):
        character = header[at]
        round_ones += (character == "(") - (character == ")")
        angles += ((character == "<") - (character == ">")) * (round_ones == 0)
        if not angles:
            return header[at + 1 :], header[found.end() : at]
    return header, ""
