"""How grades moved: from round to round, and from a model to its successor."""

from __future__ import annotations

from generator.data import Results
from generator.render import moves, panels, paths
from generator.render.site import Site
from tests.render.html import Reader
from tests.render.test_pages import as_html, pages_of


def shown(results: Results, model: str) -> str:
    """The text of a model's page, its spaces squeezed."""
    text = Reader(as_html(pages_of(results)[paths.model(model)])).text
    return " ".join(" ".join(text).split())


def test_rounds_stand_in_order_with_the_place_in_each(calm: Results) -> None:
    """Places count who took part in that round; the tests of this site come last, unjoined."""
    site = Site(calm)
    found = moves.steps(site, calm.corpus.models["alpha"])
    assert [(step.name, step.place) for step in found] == [
        ("round 1", "2 of 2"),
        ("round 2", "1 of 1"),
        ("published", "1 of 2 as printed"),
    ]
    assert [step.given["one"].text for step in found] == ["70", "95", "A"]


def test_a_model_of_one_round_is_said_to_have_moved_nowhere(calm: Results) -> None:
    """Without the scores, only the published grades are left, and the page says so plainly."""
    alone = calm.published.model_copy(update={"scores": None})
    page = shown(calm.model_copy(update={"published": alone}), "alpha")
    assert "took part in one published round" in page
    assert "no movement between rounds is on record" in page
    assert "was judged in three published rounds" in shown(calm, "alpha")


def test_a_model_that_nobody_judged_has_no_rounds(calm: Results) -> None:
    """No heading stands over nothing."""
    odd = next(model for model in calm.corpus.models if model.startswith("odd"))
    assert "From round to round" not in shown(calm, odd)


def test_a_successor_is_compared_on_what_both_entered(calm: Results) -> None:
    """Both pages show it: on eight challenges, up where the letter is better, else down."""
    site = Site(calm)
    (found,) = moves.successions(site, calm.corpus.models["alpha"])
    assert moves.successions(site, calm.corpus.models["beta"]) == [found]
    assert (found.old.slug, found.new.slug, len(found.pairs)) == ("alpha", "beta", 8)
    assert found.counts["published grades"] == {"up": 1, "down": 7}
    for model in ("alpha", "beta"):
        assert "published grades: 1 up, 7 down" in shown(calm, model)


def test_a_line_joins_only_what_is_about_the_same_files() -> None:
    """The point of the stand-in's tests hangs in the air, and every point is inside its panel."""
    row = (
        ("round 1", panels.Given("70", "C-"), True),
        ("published", panels.Given("A", "A"), True),
        ("tests", panels.Given("F", "F", "fails"), False),
    )
    chart = panels.chart([("One", row)] * 4)
    assert (chart["width"], chart["height"]) == (3 * panels.PANEL, 2 * panels.HEIGHT)
    for panel in chart["panels"]:
        assert [(a["text"], b["text"]) for a, b in panel["lines"]] == [("70", "A")]
        assert all(0 < d["x"] < panels.PANEL and 0 < d["y"] < panels.BOTTOM for d in panel["dots"])


def test_long_names_are_cut_where_a_chart_has_no_room() -> None:
    """Beside a chart and below a panel; the names of two steps start and end at its corners."""
    name = "A-model-with-a-long-name-2026-04-27"
    assert panels.short("Claude Opus 4.7") == "Claude Opus 4.7"
    assert panels.short(name) == "A-model-with-a-lo\N{HORIZONTAL ELLIPSIS}"
    row = ((name, panels.Given("A", "A"), True), (name, panels.Given("B", "B"), True))
    ticks = panels.chart([("One", row)])["panels"][0]["ticks"]
    assert [(tick["anchor"], len(tick["name"])) for tick in ticks] == [("start", 18), ("end", 18)]
