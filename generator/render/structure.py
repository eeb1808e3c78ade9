"""How outputs are built: what their code defines, aligned so that a row names one thing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from generator.data import Run
from generator.render.cells import Cell
from generator.render.listing import listings
from generator.render.outline import Definition, outline

ROWS = 60
CODE = {"python", "cuda", "cpp"}


@dataclass(frozen=True)
class Build:
    """How one output is built: files, lines, tests, and what its code defines, tests left out."""

    files: int
    lines: int
    tests: int
    definitions: tuple[Definition, ...]


@dataclass(frozen=True)
class Row:
    """One name, and what each output defines under it; None where it does not."""

    name: str
    sides: tuple[Definition | None, ...]

    @property
    def kind(self) -> str:
        """Whether every output has it, and alike: `same`, `differs` or `only some`."""
        if None in self.sides:
            return "only some"
        return "same" if len({side.signature for side in self.sides if side}) == 1 else "differs"


@dataclass(frozen=True)
class Structure:
    """Several outputs by how they are built."""

    sides: tuple[Build, ...]
    rows: tuple[Row, ...]


def structure(cells: Sequence[Cell]) -> Structure | None:
    """The structure of outputs side by side; None unless each of them holds code."""
    sides = tuple(build(cell.run) for cell in cells if cell.run)
    if len(sides) < len(cells) or not all(side.files for side in sides):
        return None
    return Structure(sides, tuple(aligned(sides)))


@functools.lru_cache(maxsize=256)  # pages of pairs and of rounds ask for the same runs
def build(run: Run) -> Build:
    """The structure of an output. Never raises for a file's content."""
    code = [listing for listing in listings(run) if listing.language in CODE]
    tests = [listing for listing in code if "test" in listing.artifact.path.lower()]
    return Build(
        files=len(code),
        lines=sum(listing.lines for listing in code),
        tests=len(tests),
        definitions=tuple(d for listing in code if listing not in tests for d in outline(listing)),
    )


def aligned(sides: Sequence[Build]) -> list[Row]:
    """Names that several outputs define first, then each output's own, in its order."""
    defined = [{d.name: d for d in reversed(side.definitions)} for side in sides]
    names = list(dict.fromkeys(d.name for side in sides for d in side.definitions))
    rows = [Row(name, tuple(own.get(name) for own in defined)) for name in names]
    return sorted(rows, key=lambda row: row.sides.count(None))[:ROWS]
