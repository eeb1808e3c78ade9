"""Loading a challenge: one source for the child, from one file or from the parts of a folder."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError
from pathlib import Path

import pytest

from generator.kernel_tests import driver_source, joined

CHALLENGES = Path(__file__).resolve().parents[1] / "challenges"
ADAPTERS = [file.parent for file in CHALLENGES.glob("*/adapters/*/entry.py")]
PARTED = [*CHALLENGES.glob("*/drive"), *ADAPTERS]


def write(folder: Path, **parts: str) -> Path:
    """A folder of parts."""
    for name, source in parts.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def test_a_part_follows_what_it_imports_from(tmp_path: Path) -> None:
    """Joined, a part whose name sorts first still finds what a later one defines."""
    parts = write(tmp_path, a="from .z import (\n    base,\n)\n\nmore = base + 1\n", z="base = 1\n")
    names: dict[str, int] = {}
    exec(joined(parts), names)
    assert names["more"] == 2


def test_parts_that_import_each_other_are_refused(tmp_path: Path) -> None:
    """There is no order in which they could be joined."""
    with pytest.raises(CycleError):
        joined(write(tmp_path, a="from .b import x\n", b="from .a import y\n"))


def test_a_line_of_a_joined_source_is_the_line_of_its_part(tmp_path: Path) -> None:
    """Imports are blanked, not removed: a traceback counts the lines that a reader sees."""
    source = joined(write(tmp_path, a="from .b import x\ny = x\n", b="x = 1\n"))
    assert source.splitlines() == ["x = 1", "", "y = x"]


@pytest.mark.parametrize("folder", PARTED, ids=lambda p: str(p.relative_to(CHALLENGES)))
def test_no_part_redefines_anothers_name(folder: Path) -> None:
    """One namespace holds them all: a name that two parts define would be the later one's."""
    names = Counter(
        getattr(node, "name", None) or ast.unparse(node.targets[0])
        for part in folder.glob("*.py")
        for node in ast.parse(part.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))
    )
    assert names
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("slug", sorted(p.parent.name for p in CHALLENGES.glob("*/PROMPT.md")))
def test_every_challenge_has_a_driver(slug: str) -> None:
    """One source that defines drive()."""
    assert "def drive(" in driver_source(CHALLENGES / slug)
