"""Where a chart puts what it shows."""

from __future__ import annotations

from generator.data import Results
from generator.render import charts, paths
from generator.render.env import grading, percent
from tests.render.test_pages import pages_of


def test_a_scale_is_in_per_cent_and_ends_at_its_borders() -> None:
    """What lies outside is drawn on the border."""
    scale = charts.Scale(0.0, 4.0)
    assert [scale(value) for value in (-1.0, 0.0, 3.0, 9.0)] == [
        "0.00%",
        "0.00%",
        "75.00%",
        "100.00%",
    ]


def test_what_has_one_grade_only_is_not_drawn() -> None:
    """A row needs a published letter and one by evidence."""
    pairs = [("a", 4.0, 0.0, "fails"), ("b", None, 4.0, "passes"), ("c", 4.0, None, "open")]
    chart = charts.apart(pairs)
    assert chart is not None
    assert [(row["name"], row["old"], row["new"]) for row in chart["rows"]] == [
        ("a", "100.00%", "0.00%")
    ]
    assert charts.apart(pairs[1:]) is None


def test_the_page_of_rankings_begins_with_every_order(calm: Results) -> None:
    """Before the rule and the details, each model has a row with its place by each grader."""
    text = pages_of(calm)[paths.RANKING]
    glance = text[text.index("{ #glance }") : text.index("{ #rule }")]
    for grader in calm.rankings:
        assert f'<th scope="col">By {grading(grader)}</th>' in glance
    for model in calm.corpus.models.values():
        assert model.name in glance


def test_a_share_is_never_shown_as_nothing() -> None:
    """A slow kernel reads at some share of the memory's rate, however small."""
    assert [percent(share) for share in (0.858, 0.0123, 0.0004)] == ["85.8 %", "1.2 %", "0.04 %"]


def test_published_grades_are_called_that(calm: Results) -> None:
    """A grader named by a participle would be no name after "by"."""
    assert [grading(name) for name in ("published", "evidence")] == ["published grades", "evidence"]
    assert "## By published grades {" in pages_of(calm)[paths.RANKING]
