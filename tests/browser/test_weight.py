"""What pages weigh, and that what was left out to make them light is missed by none of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.render.stylesheet import LEFT_OUT, SHEETS
from tests.browser.conftest import Visitor
from tests.browser.test_browser import DARK, KINDS, PHONE

pytestmark = pytest.mark.browser

CLASSES = re.compile(r'class="([^"]*)"')
LOOKS = """() => [...document.querySelectorAll("body, body *")].map((element) => {
  const box = element.getBoundingClientRect();
  const looks = [undefined, "::before", "::after"].map((part) => {
    const style = getComputedStyle(element, part);
    return [style.content, style.display, style.visibility, style.color, style.backgroundColor,
      style.border, style.font, style.maskImage, style.opacity, style.position].join(" ");
  });
  return [element.tagName, box.x, box.y, box.width, box.height, ...looks];
})"""
REPLACE = """(css) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.querySelector("link[href$='theme.css']").replaceWith(style);
}"""


def loaded(visitor: Visitor, path: str = "") -> dict[str, int]:
    """Bytes of every response that a page asks for until nothing moves, uncompressed."""
    sizes: dict[str, int] = {}
    visitor.page.context.on("response", lambda r: sizes.update({r.url: len(r.body())}))
    visitor.open(path, idle=True)
    return {url.removeprefix(visitor.address): size for url, size in sizes.items()}


def test_home_weighs_less_than_300_kilobytes(visitor: Visitor) -> None:
    """Page, style, scripts, pictures and the theme's, uncompressed; no index before a search."""
    sizes = loaded(visitor)
    assert "assets/theme.css" in sizes
    assert not [url for url in sizes if url.startswith("search/")]
    assert sum(sizes.values()) < 300_000, sizes


def test_a_search_loads_the_index_and_not_before(visitor: Visitor) -> None:
    """The first focus starts the worker; a query in the address does so at once."""
    assert not any("search/" in url or "worker" in url for url in loaded(visitor))
    with visitor.page.expect_response("**/search/search_index.json"):
        visitor.page.locator(".md-search__input").focus()
    with visitor.page.expect_response("**/search/search_index.json"):
        visitor.open("?q=alpha")


def test_no_page_uses_a_class_whose_rules_were_left_out(site: Path) -> None:
    """The style sheet lacks only features that are off."""
    for file in site.rglob("*.html"):
        used = {
            name for found in CLASSES.findall(file.read_text("utf-8")) for name in found.split()
        }
        lacking = {name for name in used if LEFT_OUT.search(f".{name}")}
        assert not lacking, (file, lacking)


@pytest.mark.parametrize("kind", ["home", "run", "source", "session", "duel", "guide", "404"])
@pytest.mark.parametrize("visitor", [{}, PHONE | DARK], indirect=True, ids=["wide", "phone"])
def test_pages_are_laid_out_as_with_the_whole_style_sheets(
    visitor: Visitor, site: Path, kind: str
) -> None:
    """Every element and what stands before and after it: place, colours, letters, pictures."""
    folder = site / "assets" / "stylesheets"
    whole = "".join(file.read_text("utf-8") for name in SHEETS for file in folder.glob(name))
    page = visitor.open(KINDS[kind])
    page.add_style_tag(content="*, ::before, ::after { transition: none !important }")
    trimmed = page.evaluate(LOOKS)
    page.evaluate(REPLACE, whole)
    assert page.evaluate(LOOKS) == trimmed
