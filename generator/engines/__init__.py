"""Where verification runs: one file per engine, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from generator.data import Evidence
    from generator.verify import Task


class Engine(Protocol):
    """Verifies tasks somewhere. The records are the same, apart from machine, time and seed."""

    def verify_all(self, todo: list[Task]) -> Iterator[tuple[Task, Evidence | str]]:
        """Each task, as it is done, with its evidence, or with our own error as one line."""
