"""The theme's style sheets in one, without what this site never shows.

Half of what they hold styles features that mkdocs.yml does not turn on (admonitions, tabs, blogs,
versions, other colours, writing from right to left), and every page loads them. What is left out is
named here; tests/browser/test_weight.py asserts that no page uses any of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

THEME = "material"
SHEETS = ("main.*.min.css", "palette.*.min.css")
# Classes, or what they begin with, of features that are off.
UNUSED = (
    *("admonition", "tabbed-", "task-list", "arithmatex", "mermaid", "keys", "grid", "critic"),
    *("footnote", "twemoji", "highlighttable", "linenodiv", "giscus", "lg"),
    *("md-annotation", "md-author", "md-banner", "md-consent", "md-draft", "md-feedback"),
    *("md-meta", "md-pagination", "md-path", "md-pin", "md-post", "md-profile", "md-progress"),
    *("md-select", "md-social", "md-source", "md-status", "md-tag", "md-version"),
)
KINDS = (
    "abstract attention bug caution check cite danger done error example fail failure faq help "
    "hint important info missing note question quote seealso snippet success summary tip tldr "
    "todo warning"
)
LEFT_OUT = re.compile(
    r"\[dir=rtl\]|\[data-md-color-(?:primary|accent)=(?!custom)"
    rf"|\.(?:{'|'.join(UNUSED)})|\.md-typeset \.(?:{KINDS.replace(' ', '|')})\b"
)
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|[{};]', re.DOTALL)
COMMA = re.compile(r",(?![^()\[]*[)\]])")
PROPERTY = re.compile(r"(?<=[{;])(--[\w-]+):(?:\"[^\"]*\"|'[^']*'|[^;{}\"'])*(?:;|(?=\}))")


@functools.cache
def stylesheet() -> str:
    """The theme's sheets in the order in which it loads them, trimmed."""
    found = find_spec(THEME)
    assert found is not None, "mkdocs-material is not installed"
    folder = Path(str(found.origin)).parent / "templates" / "assets" / "stylesheets"
    sheets = [file for pattern in SHEETS for file in sorted(folder.glob(pattern))]
    return trimmed("".join(sheet.read_text(encoding="utf-8") for sheet in sheets))


def trimmed(css: str) -> str:
    """The rules that can apply, and the custom properties that these use."""
    before, kept = "", "".join(applying(css))
    while kept != before:
        before, kept = kept, without_unused(kept)
    return kept


def without_unused(css: str) -> str:
    """The rules without custom properties that none of them asks for."""
    used = set(re.findall(r"var\((--[\w-]+)", css))
    return PROPERTY.sub(lambda match: match[0] if match[1] in used else "", css)


def applying(css: str) -> Iterator[str]:
    """Each rule without the selectors that name something unused; media queries likewise."""
    for head, body in rules(css):
        if body is None:
            yield head
        elif head.startswith(("@media", "@supports")):
            inside = "".join(applying(body))
            if inside:
                yield f"{head}{{{inside}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        else:
            kept = [selector for selector in COMMA.split(head) if not LEFT_OUT.search(selector)]
            if kept and body:
                yield f"{','.join(kept)}{{{body}}}"


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """What stands before each outer pair of braces, and inside; statements have no inside."""
    depth, start, opened = 0, 0, 0
    for token in TOKEN.finditer(css):
        if token[0] == "{":
            opened = token.start() if depth == 0 else opened
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : token.start()]
                start = token.end()
        elif depth == 0 and (token[0] == ";" or token[0].startswith("/*")):
            if token[0] == ";":
                yield css[start : token.end()].strip(), None
            start = token.end()
