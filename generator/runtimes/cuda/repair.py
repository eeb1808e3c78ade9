"""Mechanical repairs of a file that does not compile, one rung at a time; the file itself stays.

A rung changes nothing that a compiler would call code: a byte-order mark and line endings, a block
of code lifted out of a Markdown report, a comment that ends too early, a standard include that is
missing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^```[ \t]*([\w+#-]*)[ \t]*$")
CODE = {"cuda", "cu", "cpp", "c++", "c"}
TOKEN = re.compile(r"/\*|\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"")
HEADERS = {
    "cfloat": r"\b(FLT|DBL)_(MAX|MIN|EPSILON)\b",
    "climits": r"\b(INT|UINT|LONG|LLONG)_(MAX|MIN)\b",
    "cmath": r"\b(INFINITY|NAN|isinf|isnan|fabs|std::(exp|log|abs|fabs|sqrt|isinf|isnan))\b",
    "cstdio": r"\b(f?printf|stderr|stdout|FILE)\b",
    "cstdlib": r"\b(malloc|free|exit|rand|srand|abs|EXIT_\w+)\b",
    "cstring": r"\b(mem(set|cpy|cmp)|str(cmp|len))\b",
    "cstdint": r"\bu?int(8|16|32|64)_t\b",
    "cassert": r"\bassert\b",
    "algorithm": r"\b(std::)?(min|max|sort|swap|partial_sort|fill|nth_element)\b",
    "limits": r"\bnumeric_limits\b",
    "vector": r"\bvector\b",
    "random": r"\b(mt19937|normal_distribution|uniform_real_distribution)\b",
    "iostream": r"\bcout|cerr|endl\b",
    "cooperative_groups.h": r"\bcooperative_groups\b",
    "cuda_fp16.h": r"\b__half2?\b",
}
UNDEFINED = re.compile(
    r'error: (?:identifier|namespace "std" has no member|name must be a) ?"?([\w:]+)"?'
)


@dataclass(frozen=True)
class Repair:
    """A repaired text and what was done to it, in order."""

    text: str
    rungs: tuple[str, ...]

    def diff(self, original: str, file: str) -> str:
        """The repair as a unified diff."""
        lines = difflib.unified_diff(
            original.splitlines(),
            self.text.splitlines(),
            file,
            f"{file} (repaired)",
            lineterm="",
            n=2,
        )
        return "\n".join(lines)


def ladder(
    text: str, errors: str, compile_errors: Callable[[str], str], most: int = 5
) -> Iterator[Repair]:
    """Climb: each repair is one rung more than the last, until it compiles or no rung applies.

    errors: what the compiler says of the text as stored. compile_errors: "" for one that compiles.
    """
    rungs: tuple[str, ...] = ()
    for _ in range(most):
        step = next((s for s in (_rung(rung, text, errors) for rung in RUNGS) if s), None)
        if step is None:
            return
        text, rungs = step[0], (*rungs, step[1])
        yield Repair(text, rungs)
        errors = compile_errors(text)
        if not errors:
            return


Rung = Callable[[str, str], tuple[str, str]]


def _rung(rung: Rung, text: str, errors: str) -> tuple[str, str] | None:
    """The changed text and the rung's name, or None where it changes nothing."""
    changed, name = rung(text, errors)
    return (changed, name) if changed != text else None


def plain_text(text: str, _errors: str) -> tuple[str, str]:
    """No byte-order mark, and one kind of line ending."""
    return text.removeprefix("\ufeff").replace(
        "\r\n", "\n"
    ), "byte-order mark or line endings removed"


def out_of_fences(text: str, _errors: str) -> tuple[str, str]:
    """The code blocks of a Markdown file that define anything, one after the other."""
    blocks: list[tuple[str, list[str]]] = []  # language and lines
    opened = False
    for line in text.splitlines(keepends=True):
        if fence := FENCE.match(line):
            opened = not opened
            blocks += [(fence[1].lower(), [])] if opened else []
        elif opened:
            blocks[-1][1].append(line)
    kept = [code for language, lines in blocks if _defines(language, code := "".join(lines))]
    name = f"{len(kept)} code block{'s'[: len(kept) > 1]} lifted out of Markdown fences"
    return ("\n".join(kept), name) if kept else (text, "")


def _defines(language: str, code: str) -> bool:
    """Whether a block is C++ and no mere example of a call: that has neither a body nor a macro."""
    ours = language in CODE or (not language and "__global__" in code)
    return ours and ("(" not in code or bool(re.search(r"[{#]", code)))


def comment_delimiters(text: str, _errors: str) -> tuple[str, str]:
    """A comment that another `*/` cuts short reaches to the `*/` that is left over."""
    closed: int | None = None
    opened = False
    for token in TOKEN.finditer(text):
        if token[0] == "/*" and not opened:
            opened = True
        elif token[0] == "*/" and opened:
            opened, closed = False, token.start()
        elif token[0] == "*/" and closed is not None:
            return text[:closed] + "* /" + text[closed + 2 :], "a comment delimiter mended"
    return text, ""


def missing_include(text: str, errors: str) -> tuple[str, str]:
    """The standard header of the first undefined name that has one."""
    for name in UNDEFINED.findall(errors):
        for header, pattern in HEADERS.items():
            line = f"#include <{header}>\n"
            if re.fullmatch(pattern, name) and line not in text:
                return line + text, f"#include <{header}> added for {name}"
    return text, ""


RUNGS: tuple[Rung, ...] = (plain_text, out_of_fences, comment_delimiters, missing_include)
