"""The register of checks that claims.yaml can name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Result = tuple[Literal["supported", "contradicted", "unverifiable"], str]
CHECKS: dict[str, Callable[..., Result]] = {}


def check(function: Callable[..., Result]) -> Callable[..., Result]:
    """Make a function available to claims.yaml under its own name."""
    CHECKS[function.__name__] = function
    return function


def holds(condition: bool, because: str) -> Result:
    """Supported or contradicted, with the numbers."""
    return ("supported" if condition else "contradicted"), because
