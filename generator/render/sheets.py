"""Long tables in parts, so that no page grows with the number of runs.

A table down the page has at most ROWS rows; pages of their own have the rest. Where models or
challenges stand beside each other, a page has the first SIDE of them and says where the others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.render import paths

SIDE = 24
ROWS = 100


@dataclass(frozen=True)
class Sheet:
    """One part of a long table.

    path: of the page with the first part. number: which part, from 1, of how many.
    """

    path: str
    number: int
    count: int
    rows: Sequence[Any]

    @property
    def here(self) -> str:
        """The page of this part."""
        return paths.further(self.path, self.number)

    @property
    def ways(self) -> list[tuple[str, str]]:
        """The other parts that can be reached from here, each with its page."""
        last, at = self.count, self.number
        named = {"first": 1, "previous": at - 1, "next": at + 1, "last": last}
        return [
            (name, paths.further(self.path, number))
            for name, number in named.items()
            if 1 <= number <= last and number != at
        ]

    def title(self, text: str) -> str:
        """The title of the page: that of the first part, with a number on the others."""
        return text if self.number == 1 else f"{text}, page {self.number}"


def sheets(path: str, rows: Sequence[Any]) -> list[Sheet]:
    """A table's parts, of ROWS rows each; of no rows there is one part, and it is empty."""
    parts = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)] or [rows]
    return [Sheet(path, number, len(parts), part) for number, part in enumerate(parts, 1)]
