"""Loading a challenge: one source for the child, and a digest of the files that decide."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError
from pathlib import Path

import pytest

from generator.joining import imported, joined, reached
from generator.kernel_tests import adapter_sources, digest, driver_source

CHALLENGES = Path(__file__).resolve().parents[1] / "challenges"
SLUGS = sorted(file.parent.name for file in CHALLENGES.glob("*/PROMPT.md"))
DRIVERS = [folder.parent / "drive" for folder in CHALLENGES.glob("*/drive")]
ADAPTERS = [file.parent for file in CHALLENGES.glob("*/adapters/*/entry.py")]
PROGRAMS = [
    *(sorted(folder.glob("*.py")) for folder in [*DRIVERS, *ADAPTERS]),
    *([file] for file in sorted(CHALLENGES.glob("*/drive.py"))),
    *([file] for file in sorted(CHALLENGES.glob("*/adapters/*.py"))),
]


def write(folder: Path, **parts: str) -> list[Path]:
    """Files of a folder; `a__b` is the file b.py of a folder a."""
    for name, source in parts.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return sorted(folder.glob("*.py"))


def test_a_part_follows_what_it_imports_from(tmp_path: Path) -> None:
    """Joined, a part whose name sorts first still finds what a later one defines."""
    parts = write(tmp_path, a="from .z import (\n    base,\n)\n\nmore = base + 1\n", z="base = 1\n")
    names: dict[str, int] = {}
    exec(joined(parts, tmp_path), names)
    assert names["more"] == 2


def test_parts_that_import_each_other_are_refused(tmp_path: Path) -> None:
    """There is no order in which they could be joined."""
    parts = write(tmp_path, a="from .b import x\n", b="from .a import y\n")
    with pytest.raises(CycleError):
        joined(parts, tmp_path)


def test_a_line_of_a_joined_source_is_the_line_of_its_part(tmp_path: Path) -> None:
    """Imports are blanked, not removed: a traceback counts the lines that a reader sees."""
    source = joined(write(tmp_path, a="from .b import x\ny = x\n", b="x = 1\n"), tmp_path)
    assert source.splitlines() == ["x = 1", "", "y = x"]


def test_what_challenges_share_is_joined_once_and_first(tmp_path: Path) -> None:
    """A shared file comes along with what it imports itself; others of its folder do not."""
    shared = {
        "driving__results": "from .numbers import one\n\ntwo = one + 1\n",
        "driving__numbers": "one = 1\n",
        "driving__unused": "raise ValueError\n",
    }
    write(tmp_path, **shared)
    own = write(
        tmp_path / "slug",
        drive="from challenges.driving.numbers import one\n"
        "from challenges.driving.results import two\n\nthree = one + two\n",
    )
    names: dict[str, int] = {}
    source = joined(own, tmp_path)
    exec(source, names)
    assert names["three"] == 3
    assert source.count("one = 1") == 1
    assert "raise" not in source


@pytest.mark.parametrize("module", ["challenges.kit", "challenges.slug.reference", ".reference"])
def test_what_is_not_for_the_child_is_never_joined(tmp_path: Path, module: str) -> None:
    """A driver that imports an answer or a tolerance is refused before anything runs."""
    write(tmp_path, kit="", slug__reference="", slug__drive=f"from {module} import x\n")
    with pytest.raises(ValueError, match="not for the child"):
        driver_source(tmp_path / "slug")


@pytest.mark.parametrize("parts", PROGRAMS, ids=lambda p: str(p[0].relative_to(CHALLENGES)))
def test_no_part_redefines_anothers_name(parts: list[Path]) -> None:
    """One namespace holds them all: a name that two parts define would be the later one's."""
    names = Counter(
        getattr(node, "name", None) or ast.unparse(node.targets[0])
        for part in reached(parts, CHALLENGES)
        for node in ast.parse(part.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))
    )
    assert names
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("slug", SLUGS)
def test_every_challenge_has_a_driver(slug: str) -> None:
    """One source that defines drive()."""
    assert "def drive(" in driver_source(CHALLENGES / slug)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_child_is_given_nothing_that_imports_a_challenge(slug: str) -> None:
    """Joined sources import libraries alone: no answers, no tolerances, no parts left over."""
    sources = {
        "drive": driver_source(CHALLENGES / slug),
        **adapter_sources(CHALLENGES / slug / "adapters"),
    }
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or "", "." * node.level]
            assert not [m for m in modules if m.startswith(("challenges", "."))], name


@pytest.mark.parametrize("slug", ["driving", "judging", *SLUGS])
def test_every_import_of_ours_is_followed(slug: str) -> None:
    """What Python's own parser finds, `imported` finds, so that no file is missing in a digest."""
    for file in (CHALLENGES / slug).rglob("*.py"):
        if {"honest", "mutants"} & set(file.parts):
            continue
        nodes = list(ast.walk(ast.parse(file.read_text())))
        wanted: set[Path] = set()
        for node in (n for n in nodes if isinstance(n, ast.ImportFrom)):
            base = file.parent if node.level else CHALLENGES.parent
            place = base / str(node.module).replace(".", "/")
            names = [place / alias.name for alias in node.names] if place.is_dir() else [place]
            wanted |= {name.with_suffix(".py") for name in names if CHALLENGES in name.parents}
        assert not [
            n for n in nodes if isinstance(n, ast.Import) and "challenges" in ast.unparse(n)
        ]
        assert set(imported(file, CHALLENGES)) == wanted, file


def test_a_digest_covers_the_shared_files_that_a_challenge_uses(tmp_path: Path) -> None:
    """A change of one that it imports makes its records stale, a change of another does not."""
    used, unused = {"driving__results": "one = 1\n"}, {"driving__layouts": "", "judging__other": ""}
    source = "from challenges.driving.results import one\n"
    write(tmp_path, kit="", slug__drive=source, **used, **unused)
    before = digest(tmp_path / "slug")
    write(tmp_path, driving__layouts="changed = 1\n", judging__other="changed = 1\n")
    assert digest(tmp_path / "slug") == before
    write(tmp_path, driving__results="one = 2\n")
    assert digest(tmp_path / "slug") != before
