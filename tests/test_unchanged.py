"""A build makes pages only where something has changed that they are made of, or one of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generator import cache
from generator.build import write_pages, write_site
from generator.cache import Built, Cache
from generator.making.challenge import new_challenge
from generator.options import Options
from generator.unchanged import pages_digest, site_digest, sources_digest

ROOT = Path(__file__).resolve().parent.parent
RUN = Path("a_model", "rows", "answer.py")
DRAWN = "pages: nothing changed"


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled whenever they were made."""
    monkeypatch.setattr(cache, "settled", lambda *_: True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a challenge and a run."""
    (tmp_path / "challenges").mkdir()
    for name in ("challenges/__init__.py", "challenges/kit.py", "README.md", "ranking.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    new_challenge(tmp_path, "rows")
    change(tmp_path / RUN, "def centre(x):\n    return x\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nsite_url: !ENV [SITE_URL, 'http://x/']\n")
    return tmp_path


def change(file: Path, text: str) -> None:
    """Put another text into a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def write(root: Path) -> str:
    """The line on pages of a build that writes them, with the cache of the last one."""
    said: list[str] = []
    known = options(root)
    write_pages(known, known.corpus, said.append)
    return said[-1].splitlines()[0]


def options(root: Path) -> Options:
    """Those of a new command."""
    return Options(root=root, cache=Cache(root / ".cache" / "build.json"))


def sources(root: Path) -> str:
    """The digest of all that pages are made of."""
    return sources_digest(options(root), options(root).corpus)


def pages(root: Path) -> dict[str, bytes]:
    """Every file of the pages."""
    return {str(p): p.read_bytes() for p in sorted((root / "docs").rglob("*")) if p.is_file()}


def test_pages_are_not_made_a_second_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing changed not even the templates are rendered."""
    assert write(root).endswith(" written, 0 unchanged")
    made = pages(root)
    monkeypatch.setattr("generator.render.render", lambda *_: pytest.fail("rendered"))
    assert write(root).startswith(DRAWN)
    assert pages(root) == made


CHANGES: dict[str, Callable[[Path], object]] = {
    "a run": lambda root: change(root / RUN, "def centre(x):\n    return 2 * x\n"),
    "a new run": lambda root: change(root / "b_model/rows/answer.py", "centre = None\n"),
    "a run removed": lambda root: (root / RUN).unlink(),
    "a model's name": lambda root: change(root / "a_model/model.yaml", "name: Another\n"),
    "a prompt": lambda root: change(root / "challenges/rows/PROMPT.md", "Something else.\n"),
    "a rule": lambda root: change(root / "ranking.yaml", "fewest_challenges: 1\n"),
    "a record": lambda root: change(root / "docs/records/evidence/a_model/rows.json", "{}"),
    "a page": lambda root: change(root / "docs/index.md", "Not ours.\n"),
    "a page removed": lambda root: (root / "docs/index.md").unlink(),
    "a page of nobody": lambda root: change(root / "docs/models/nobody.md", "Left behind.\n"),
    "the README": lambda root: change(root / "README.md", "Nothing.\n"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_pages_are_as_if_made_from_nothing(root: Path, what: str) -> None:
    """After any change the pages are what a build without a cache makes of the same files."""
    write(root)
    CHANGES[what](root)
    assert not write(root).startswith(DRAWN)
    made = pages(root), (root / "README.md").read_bytes()
    shutil.rmtree(root / ".cache")
    write(root)
    assert made == (pages(root), (root / "README.md").read_bytes())


def test_what_is_installed_and_the_environment_count(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of a library, or another address of the site, may give other bytes."""
    before = sources(root)
    monkeypatch.setenv("SITE_URL", "https://elsewhere.example/")
    moved = sources(root)
    monkeypatch.setattr("generator.unchanged.packages", lambda: ["jinja2-9.dist-info"])
    assert len({before, moved, sources(root)}) == 3


def test_the_site_is_made_again_only_where_it_is_not_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MkDocs runs for new pages and for a site that was changed, and not for one that stands."""
    asked: list[Path] = []
    monkeypatch.setattr("generator.build.mkdocs", lambda root: asked.append(root) or 0)
    change(root / "site/index.html", "<p>")
    known = options(root)
    built = Built(sources=sources(root), pages=pages_digest(known), count=1)
    write_site(known, built, print)
    assert len(asked) == 1
    made = options(root).cache.built
    assert made
    assert made.site == site_digest(known)
    write_site(options(root), made, print)
    assert len(asked) == 1
    change(root / "site/index.html", "<p>changed")
    write_site(options(root), made, print)
    assert len(asked) == 2


def test_a_build_that_failed_is_made_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where MkDocs fails, the site does not count as made."""
    monkeypatch.setattr("generator.build.mkdocs", lambda _: 3)
    built = Built(sources="", pages="", count=1)
    assert write_site(options(root), built, print) == 3
    assert options(root).cache.built is None
