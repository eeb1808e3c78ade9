"""What a reader does with the site, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

KINDS = {
    "home": "",
    "challenge": "challenges/one/",
    "challenges": "challenges/",
    "run": "runs/alpha/one/",
    "source": "runs/alpha/one/source/",
    "session": "runs/alpha/one/session/",
    "model": "models/alpha/",
    "models": "models/",
    "duel": "head-to-head/alpha--beta/",
    "duels": "head-to-head/",
    "round": "head-to-head/rounds/a-b-90827a2e/",
    "ranking": "ranking/",
    "contradictions": "contradictions/",
    "claims": "claims/",
    "judge": "judge/",
    "compared": "judges-compared/",
    "methodology": "methodology/",
    "data": "data/",
    "guide": "guide/architecture/",
    "404": "404.html",
}
PHONE = {"viewport": {"width": 390, "height": 844}}
DARK = {"color_scheme": "dark"}
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_a_page_makes_no_error_and_asks_nobody_else(visitor: Visitor, kind: str) -> None:
    """No message in the console, and no request leaves the site."""
    visitor.open(KINDS[kind], idle=True)
    assert visitor.errors == []
    assert visitor.outgoing == []


@every_kind
@pytest.mark.parametrize("visitor", [PHONE, PHONE | DARK], indirect=True, ids=["light", "dark"])
def test_no_page_scrolls_sideways_on_a_phone(visitor: Visitor, kind: str) -> None:
    """Tables scroll inside themselves."""
    page = visitor.open(KINDS[kind])
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


@pytest.mark.parametrize("visitor", [PHONE], indirect=True, ids=["phone"])
@pytest.mark.parametrize("kind", ["duels", "challenge"])
def test_a_picker_fits_a_phone_however_long_a_name(visitor: Visitor, kind: str) -> None:
    """A list is no wider than the window, and its chosen name is cut there."""
    page = visitor.open(KINDS[kind])
    page.eval_on_selector_all("form option", "e => e.map(o => o.text = 'A-long-name-'.repeat(9))")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


def test_a_cell_says_why_and_leads_to_its_run(visitor: Visitor) -> None:
    """Focus gives the reason in the line below the matrix; a click goes to the run."""
    page = visitor.open()
    cell = page.locator(".kb-matrix a[href='runs/alpha/one/']")
    cell.focus()
    assert "published A" in page.locator("[data-reason-line]").inner_text()
    assert "stand-in" in cell.inner_text()
    cell.click()
    page.wait_for_url("**/runs/alpha/one/")
    assert "wrong" in page.locator(".kb-verdict__word").inner_text()


def test_a_quote_leads_to_its_line(visitor: Visitor) -> None:
    """The link of a verified quote goes to an anchor that exists on the listing."""
    page = visitor.open("runs/alpha/one/")
    page.locator(".kb-quotes a", has_text="main.py:3").first.click()
    page.wait_for_url("**/source/#L-0-3")
    assert page.locator("#L-0-3").count() == 1


def test_a_column_sorts_by_keyboard_and_stays_sorted(visitor: Visitor) -> None:
    """Enter on a header sorts, aria-sort says so, and the address brings it back."""
    page = visitor.open("ranking/")
    header = page.locator("table[data-sortable='rank-published'] th", has_text="Points")
    header.locator("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert "rank-published.sort=2-" in page.url
    page.reload()
    assert header.get_attribute("aria-sort") == "descending"


def test_sorting_puts_numbers_in_order_of_size(visitor: Visitor) -> None:
    """Grades sort by their points' column, not as text, and blanks stay last."""
    page = visitor.open("runs/alpha/one/")
    table = page.locator("table[data-sortable='files']")
    table.locator("th", has_text="Size").locator("button").click()
    sizes = [
        int(v or 0)
        for v in table.locator("tbody td:nth-child(2)").evaluate_all(
            "c => c.map(x => x.dataset.value)"
        )
    ]
    assert sizes == sorted(sizes)


def test_a_table_filters_and_keeps_the_words_in_the_address(visitor: Visitor) -> None:
    """Rows without the words are hidden, a count is given, and a link restores it."""
    page = visitor.open("models/")
    page.get_by_label("Show only rows with").fill("beta")
    rows = page.locator("table[data-sortable='models'] tbody tr")
    assert rows.locator("visible=true").count() == 1
    assert "1 of 3 rows" in page.locator(".kb-filter").inner_text()
    assert "models.only=beta" in page.url
    page.reload()
    assert rows.locator("visible=true").count() == 1


def test_the_picker_goes_to_any_pair(visitor: Visitor) -> None:
    """Whichever is chosen first, the pair has one page; two of one model is refused."""
    page = visitor.open("head-to-head/")
    form = page.locator("form[data-picker]")
    form.get_by_label("First").select_option("beta")
    form.get_by_label("Second").select_option("beta")
    form.get_by_role("button").click()
    assert "two different" in form.locator("output").inner_text()
    form.get_by_label("Second").select_option("alpha")
    form.get_by_role("button").click()
    page.wait_for_url("**/head-to-head/alpha--beta/")


def test_weights_recompute_the_means(visitor: Visitor) -> None:
    """With all the weight on one challenge, the mean is that challenge's points."""
    page = visitor.open("ranking/")
    table = page.locator("table[data-weights]").first
    inputs = table.locator("input")
    for number in range(inputs.count()):
        inputs.nth(number).fill("1" if number == 1 else "0")
    assert [c.inner_text() for c in table.locator("tfoot td").all()][1:3] == ["0.00", "2.00"]
    line = page.locator("[data-weights-line]").first.inner_text()
    assert "Beta" in line and "With equal weights it is Alpha" in line
    page.reload()
    assert [inputs.nth(n).input_value() for n in range(2)] == ["0", "1"]
    assert page.locator("[data-weights-line]").first.inner_text() == line


def test_two_outputs_can_be_read_side_by_side(visitor: Visitor) -> None:
    """The listings are fetched from their own pages, and repeat no id of this one."""
    page = visitor.open("challenges/one/")
    form = page.locator("form[data-compare]")
    form.get_by_role("button").click()
    page.wait_for_selector(".kb-side > section:nth-child(2) pre")
    assert "def run" in page.locator(".kb-side").inner_text()
    repeated = "ids => ids.length - new Set(ids).size"
    ids = page.eval_on_selector_all("[id]", "e => e.map(x => x.id)")
    assert page.evaluate(repeated, ids) == 0
    assert "compare=alpha%2Cbeta" in page.url
    page.reload()
    page.wait_for_selector(".kb-side > section:nth-child(2) pre")


def test_the_scheme_can_be_switched(visitor: Visitor) -> None:
    """The toggle changes the scheme, and paper and ink change places."""
    page = visitor.open()
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.locator("label[for='__palette_1']").click()
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    assert page.evaluate(background) != before


def test_search_finds_a_challenge_and_no_listing(visitor: Visitor) -> None:
    """A challenge is found by its title; listings are not in the index."""
    page = visitor.open()
    page.locator(".md-search__input").click()
    page.keyboard.type("three_", delay=20)
    page.wait_for_selector(".md-search-result__item a")
    links = [a.get_attribute("href") or "" for a in page.locator(".md-search-result__link").all()]
    assert any("challenges/three_/" in link for link in links)
    index = page.request.get(visitor.address + "search/search_index.json").json()
    assert not [d for d in index["docs"] if "/source/" in d["location"]]


def test_search_keeps_cells_of_a_table_apart(site: Path) -> None:
    """In the index, the words of two cells never run together, nor a row's name with its link."""
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    text = " ".join(entry["text"] for entry in index["docs"])
    assert "Model Published" in text
    assert "ModelPublished" not in text
    assert not re.search(r"[a-z]#[A-Z ]", text)


def test_the_site_can_be_used_with_the_keyboard_alone(visitor: Visitor) -> None:
    """Tab reaches the skip link first and, past the navigation, a cell; Enter opens it."""
    page = visitor.open()
    page.keyboard.press("Tab")
    assert "md-skip" in page.evaluate("document.activeElement.className")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.kb-cell') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/.+"))


@pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
def test_the_site_reads_without_scripts(visitor: Visitor) -> None:
    """The matrix, its reasons and every table are there; controls that need a script are not."""
    page = visitor.page
    page.goto(visitor.address)
    assert page.locator(".kb-matrix td").count() == 24
    assert "published A" in (page.locator(".kb-cell a").first.get_attribute("title") or "")
    page.goto(visitor.address + "head-to-head/")
    assert not page.locator("form[data-picker]").is_visible()
    assert page.locator("table a", has_text="\N{EN DASH}").count() >= 2


def test_a_permalink_leads_to_its_row(visitor: Visitor) -> None:
    """A row that an address names is in view and marked."""
    page = visitor.open("runs/alpha/one/#check-right")
    assert page.locator("#check-right").is_visible()
    assert page.evaluate("document.querySelector(':target').id") == "check-right"


def test_a_row_offers_its_own_address(visitor: Visitor) -> None:
    """The link shows when the row is pointed at, and leads to the row that it stands in."""
    page = visitor.open("challenges/one/")
    row = page.locator("#check-right")
    link = row.locator("a.kb-self-link")
    opacity = "e => getComputedStyle(e).opacity"
    assert link.evaluate(opacity) == "0"
    row.hover()
    assert link.evaluate(opacity) == "1"
    link.click()
    assert page.url.endswith("#check-right")


def test_failing_cells_of_the_checks_give_their_numbers(visitor: Visitor) -> None:
    """Who compares runs by check need not open each run to see by how much it fails."""
    page = visitor.open("challenges/one/")
    assert (
        "is off by nan on a text, where 1e-12 is allowed"
        in page.locator("#check-right").inner_text()
    )


@pytest.mark.parametrize("kind", ["home", "run", "challenge"])
@pytest.mark.parametrize("visitor", [DARK], indirect=True, ids=["dark"])
def test_what_is_read_in_the_dark_prints_dark_on_light(visitor: Visitor, kind: str) -> None:
    """Paper is white: on it, ink is darker than what lies behind it."""
    page = visitor.open(KINDS[kind])
    page.emulate_media(media="print")
    style = "getComputedStyle(document.body)"
    paper = page.evaluate(f"{style}.backgroundColor")
    ink = page.locator("article").evaluate("e => getComputedStyle(e).color")
    assert lightness(ink) < 60
    assert lightness(paper) > 230


def lightness(colour: str) -> float:
    """The mean of red, green and blue in `rgb(1, 2, 3)`."""
    found = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    return sum(found) / 3


def test_cells_of_the_matrix_keep_to_their_columns(visitor: Visitor) -> None:
    """Nothing in a cell is wider than the cell, however narrow the window."""
    for width in (390, 800, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        page = visitor.open()
        wide = "e => e.filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.innerText)"
        assert page.eval_on_selector_all(".kb-cell a", wide) == []


def test_every_page_of_the_site_has_a_description(site: Path) -> None:
    """Search engines and previews get one sentence on each page."""
    for file in site.rglob("*.html"):
        assert '<meta name="description"' in file.read_text(encoding="utf-8"), file


def test_a_session_is_filtered_by_kind_and_by_failure(visitor: Visitor) -> None:
    """Unticking a kind hides its entries; the count beside the boxes follows."""
    page = visitor.open(KINDS["session"])
    steps = page.locator(".kb-timeline > li:visible")
    assert steps.count() == 9
    page.get_by_label("reasoning (1)").uncheck()
    assert steps.count() == 8
    page.get_by_label("only what failed").check()
    assert steps.count() == 1
    assert "1 of 9 shown" in page.locator("form[data-timeline] output").inner_text()


def test_an_address_opens_the_entry_that_it_names(visitor: Visitor) -> None:
    """Tool output is folded, unless a link leads to it."""
    page = visitor.open(KINDS["session"])
    assert page.locator("#m-5 details[open]").count() == 0
    page.locator("#m-5 > a").click()
    assert page.locator("#m-5 details[open]").count() == 1


@pytest.mark.parametrize("visitor", [PHONE], indirect=True, ids=["phone"])
@pytest.mark.parametrize("kind", ["home", "ranking", "challenge"])
def test_what_is_written_in_a_plot_can_be_read_on_a_phone(visitor: Visitor, kind: str) -> None:
    """Names and ticks are no smaller there than on a large screen."""
    page = visitor.open(KINDS[kind])
    sizes = """texts => texts.map(text => {
      const scale = text.getScreenCTM ? text.getScreenCTM().a : 1;
      return parseFloat(getComputedStyle(text).fontSize) * scale;
    })"""
    found = page.eval_on_selector_all(".kb-plot__names span, .kb-plot text", sizes)
    assert found
    assert min(found) >= 11


@pytest.mark.parametrize("visitor", [PHONE], indirect=True, ids=["phone"])
@pytest.mark.parametrize("kind", ["claims", "contradictions", "challenge", "model"])
def test_rows_with_sentences_are_read_without_scrolling_sideways(
    visitor: Visitor, kind: str
) -> None:
    """On a phone such a row stands as a paragraph, every part of it within the window."""
    page = visitor.open(KINDS[kind])
    right = "cells => cells.map(cell => cell.getBoundingClientRect().right)"
    edges = page.eval_on_selector_all(".kb-stack tbody :is(th, td)", right)
    assert edges
    assert max(edges) <= 390


@pytest.mark.parametrize(("kind", "tab"), [("run", "Challenges"), ("duel", "Head to head")])
def test_a_page_below_a_tab_says_where_it_belongs(visitor: Visitor, kind: str, tab: str) -> None:
    """Pages that are in no navigation mark the tab that leads to them."""
    page = visitor.open(KINDS[kind])
    active = page.locator(".md-tabs__item--active")
    assert [text.strip() for text in active.all_inner_texts()] == [tab]


@pytest.mark.parametrize("visitor", [PHONE], indirect=True, ids=["phone"])
@pytest.mark.parametrize("kind", ["home", "404"])
def test_the_drawer_of_a_phone_leads_to_every_section(visitor: Visitor, kind: str) -> None:
    """Also where a large screen shows no list of pages beside the text."""
    page = visitor.open(KINDS[kind])
    page.locator(".md-header label[for=__drawer]").click()
    page.locator(".md-sidebar--primary a[href$='ranking/']").click()
    page.wait_for_url("**/ranking/")
