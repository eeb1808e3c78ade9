"""Counts and lists in the words of a sentence."""

from __future__ import annotations

from collections.abc import Iterable


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
