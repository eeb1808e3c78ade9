"""The register of checks that claims.yaml can name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from generator.data import Published

P = TypeVar("P")
Result = tuple[Literal["supported", "contradicted", "unverifiable"], str]
CHECKS: dict[str, Callable[..., Result]] = {}


def check(function: Callable[..., Result]) -> Callable[..., Result]:
    """Make a function available to claims.yaml under its own name."""
    CHECKS[function.__name__] = function
    return function


def holds(condition: bool, because: str) -> Result:
    """Supported or contradicted, with the numbers."""
    return ("supported" if condition else "contradicted"), because


def called(published: Published, *slugs: str) -> str:
    """Models or challenges by the names that pages give them, where they are known."""
    return ", ".join(published.names.get(slug, slug) for slug in slugs)


class Absent(Exception):
    """What a claim is checked against was not imported here; the message names the file."""


def needed(part: P | None, file: str) -> P:
    """A part of what was imported; raises Absent where docs/records/published/ has no such file."""
    if part is None:
        raise Absent(f"published/{file} is not here")
    return part
