"""Every link and anchor of the built site: hand-written pages and the theme's own links too."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import pytest

from tests.render.html import Reader

pytestmark = pytest.mark.browser

BASE = "http://localhost:8000/"  # site_url, where mkdocs.yml has not been told another
# The theme's credits, and where the engines' libraries are at home.
OUTSIDE = {"squidfunk.github.io", "docs.ray.io", "github.com"}


def test_every_link_and_anchor_of_the_site_resolves(site: Path) -> None:
    """A link leads to a file of the site and its fragment to an id; few lead out."""
    read = {
        f"{BASE}{file.relative_to(site).as_posix()}": Reader(file.read_text(encoding="utf-8"))
        for file in site.rglob("*.html")
    }
    assert not [
        (url, link)
        for url, page in read.items()
        for _, link in page.links
        if not resolves(urlsplit(urljoin(url, link)), site, read)
    ]


def resolves(link: SplitResult, site: Path, read: dict[str, Reader]) -> bool:
    """Whether an absolute link leads somewhere."""
    if f"{link.scheme}://{link.netloc}/" != BASE:
        return link.scheme == "data" or link.netloc in OUTSIDE
    file = site / unquote(link.path).lstrip("/")
    file = file / "index.html" if file.is_dir() else file
    page = read.get(f"{BASE}{file.relative_to(site).as_posix()}")
    anchored = not link.fragment or page is None or unquote(link.fragment) in page.ids
    return file.is_file() and anchored


def test_navigation_does_not_grow_with_the_runs(site: Path) -> None:
    """The page of a run lists sections and indexes, never its peers."""
    text = (site / "runs" / "alpha" / "one" / "index.html").read_text(encoding="utf-8")
    nav = text[text.index('class="md-nav md-nav--primary') : text.index("<article")]
    assert "Head to head" in nav
    assert "alpha" not in nav and "beta" not in nav
