"""Counts and lists in the words of a sentence; a command as a reader can type it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path


def count(number: int, one: str, many: str = "") -> str:
    """`1 run`, `3 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Iterable[str], most: int | None = None) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most` words the first, then `and 7 more`."""
    every = list(words)
    if most is not None and len(every) > most:
        every[most:] = [f"{len(every) - most} more"]
    *before, last = every or [""]
    return f"{', '.join(before)} and {last}" if before else last


def typed(command: str, module: str = "generator") -> str:
    """One of our commands as it can be typed here: with the interpreter at work, if it is below."""
    python, here = Path(sys.executable), Path.cwd()
    known = python.relative_to(here) if python.is_relative_to(here) else "python"
    return f"{known} -m {module} {command}"
