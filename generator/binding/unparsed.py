"""A file that Python refuses, where that is why an entry point was not found."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence

from generator.binding.candidates import BESIDE_THE_POINT, NORMALISED, match_name
from generator.binding.exports import decode, parsable
from generator.data import Challenge, Run

# A line that a later Python than 3.11 may accept (What's New in Python 3.12 and 3.14): strings with
# expressions in them, type parameters, `type X = ...`, `except A, B:`.
NEWER = re.compile(
    r"""f-string | \b(r?[ft]r?)["'] | ^\s*(async\s+)?(def|class)\s+\w+\s*\[
    | ^\s*type\s+\w+ | ^\s*except\b.*,""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def unparsed(run: Run, challenge: Challenge, missing: Sequence[str]) -> str:
    """Which file keeps the missing roles from being found, on which line and why; empty if none.

    A file is blamed only where it has a `def` with an accepted name for each of these roles. A test
    or a demonstration is never blamed, nor is a file that merely may hold them.
    """
    fit = parsable(run.artifacts)
    for artifact in run.artifacts:
        beside = BESIDE_THE_POINT.search(artifact.path.lower())
        if beside or artifact.path not in fit:
            continue
        data = (run.folder / artifact.path).read_bytes()
        names = DEFINED.findall(data.decode(errors="replace"))
        if all(defines(names, role, challenge) for role in missing) and (why := refusal(data)):
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            return f"Python {version} refuses {artifact.path}, {why}"
    return ""


def defines(names: Sequence[str], role: str, challenge: Challenge) -> bool:
    """Whether one of these names is an accepted one for the role."""
    return any(match_name(name, role, challenge.entry[role]) <= NORMALISED for name in names)


def refusal(data: bytes) -> str:
    """The line and the message of Python's SyntaxError; empty where there is none.

    Nor is there one where this Python may be too old for the line, or in bytes that are no text,
    which some versions import nevertheless.
    """
    try:
        ast.parse(decode(data))
    except SyntaxError as error:
        newer = NEWER.search(f"{error.msg}\n{error.text or ''}")
        return f"line {error.lineno}: {error.msg}" if error.lineno and not newer else ""
    except (ValueError, LookupError, RecursionError, MemoryError):
        return ""
    return ""
