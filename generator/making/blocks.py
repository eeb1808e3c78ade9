"""The files in a model's reply: its fenced blocks, each under the name that the reply gives it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

FENCE = re.compile(
    r"^(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)\n(?P<body>.*?)(?:^(?P=ticks)[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
NAMED = re.compile(
    r"(?<![\w./-])[A-Za-z0-9_][A-Za-z0-9_./-]{0,80}\.(?:py|cuh?|cpp|c|h|md|txt|json|ya?ml|toml|sh)\b"
)
COMMENT = re.compile(
    r"^\s*(?:#|//|/\*|<!--)\s*(?:file(?:name)?\s*:\s*)?(?P<rest>\S+)\s*(?:\*/|-->)?\s*$",
    re.IGNORECASE,
)
ENDINGS = {
    "python": "py", "py": "py", "python3": "py", "numpy": "py", "cuda": "cu", "cu": "cu",
    "c++": "cpp", "cpp": "cpp", "c": "c", "markdown": "md", "md": "md", "json": "json",
    "yaml": "yaml",
}  # fmt: skip
LINES_BEFORE = 2


def files(reply: str, stem: str) -> dict[str, str]:
    """Path to content, word for word, of every block of code; `stem` names those without a name.

    A block without a language counts as Python only where it defines a function. A name that is
    given twice keeps the last block, as a file written twice would.
    """
    found: dict[str, str] = {}
    for match in FENCE.finditer(reply):
        body, info = match["body"], match["info"].strip()
        name = given_name(info, body, reply[: match.start()])
        ending = ENDINGS.get(info.split()[0].lower() if info else "", "")
        if not ending and not info and re.search(r"^def \w+\(", body, re.MULTILINE):
            ending = "py"
        if set(map(str, PurePosixPath(name).parents)) & found.keys():
            name = ""  # a file is no folder
        if name or ending:
            found[name or unused(stem, ending, found)] = body
    return found


def given_name(info: str, body: str, before: str) -> str:
    """The name in the fence's own line, in the block's first line, or just before the block."""
    first = COMMENT.match(body.partition("\n")[0])
    near = " ".join([line for line in before.splitlines() if line.strip()][-LINES_BEFORE:])
    for text in (info, first["rest"] if first else "", last_quoted(near)):
        named = NAMED.search(text)
        if named and safe(named[0]):
            return named[0]
    return ""


def last_quoted(text: str) -> str:
    """The last name in backquotes or bold, which is how prose names a file."""
    quoted = re.findall(r"`([^`\s]+)`|\*\*([^*\s]+?):?\*\*", text)
    return "".join(quoted[-1]) if quoted else ""


def safe(name: str) -> bool:
    """Whether a path stays inside the run's folder and leaves the harness's own files alone."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts
    own = path.name.lower() in {"prompt.md", "reply.md", "model.yaml", "behaviour.yaml"}
    return inside and not own and not path.name.lower().startswith("session")


def unused(stem: str, ending: str, found: dict[str, str]) -> str:
    """The first of stem.py, stem_2.py and so on that is free."""
    names = (f"{stem}{'' if n == 1 else f'_{n}'}.{ending}" for n in range(1, len(found) + 2))
    return next(name for name in names if name not in found)
