"""Long tables in parts: every row is on one page, and no page grows with the number of runs."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from generator.data import Challenge, Grade, Model, Results, Run
from generator.render import paths, sheets
from generator.render.pages import all_pages
from generator.render.sheets import ROWS, SIDE
from generator.render.site import Site

MODELS, CHALLENGES = ROWS + 20, ROWS + 10
# What these pages are made without: it names models that are not among the many.
MAPPINGS = ("rankings", "duels", "cards", "sessions", "timelines", "replays")
LISTS = ("rounds", "contradictions", "told", "probes")
NOTHING_ELSE: dict[str, object] = {name: {} for name in MAPPINGS} | dict.fromkeys(LISTS, ())


@pytest.mark.parametrize("rows", [0, 1, ROWS, ROWS + 1, 3 * ROWS])
def test_every_row_is_in_one_part(rows: int) -> None:
    """In order; no part is longer than ROWS, and there is always a first."""
    parts = sheets.sheets(paths.MODELS, range(rows))
    assert [row for part in parts for row in part.rows] == list(range(rows))
    assert all(len(part.rows) <= ROWS for part in parts)
    assert parts[0].here == paths.MODELS
    assert len({part.here for part in parts}) == len(parts) == parts[-1].count


def test_a_part_leads_to_those_around_it() -> None:
    """From the middle of five to the ends and the neighbours; from the first not to itself."""
    parts = sheets.sheets("models/index.md", range(5 * ROWS))
    assert dict(parts[2].ways) == {
        "first": "models/index.md",
        "previous": "models/page--2.md",
        "next": "models/page--4.md",
        "last": "models/page--5.md",
    }
    assert [name for name, _ in parts[0].ways] == ["next", "last"]
    assert sheets.sheets("models/index.md", range(3))[0].ways == []


def test_no_name_is_taken_for_a_part() -> None:
    """A model called like the page of a part has an address of its own."""
    assert paths.model("page--2") != paths.further(paths.MODELS, 2)
    assert paths.challenge("page--2") != paths.further(paths.CHALLENGES, 2)


@pytest.fixture
def many(calm: Results) -> dict[str, str]:
    """The pages of a corpus with many models and challenges, by path; few of its cells have runs.

    Of the first model every challenge has a run, and of the first challenge every model.
    """
    one = calm.corpus.challenges["one"]
    models = {f"m{n:03}": Model(slug=f"m{n:03}", name=f"Model {n:03}") for n in range(MODELS)}
    challenges = {
        f"c{n:03}": Challenge(**{**dict(one), "slug": f"c{n:03}", "title": f"Challenge {n:03}"})
        for n in range(CHALLENGES)
    }
    keys = [f"m000/{c}" for c in challenges] + [f"{m}/c000" for m in list(models)[1:]]
    pairs = [key.split("/") for key in keys]
    folder = calm.corpus.root
    runs = {f"{m}/{c}": Run(model=m, challenge=c, folder=folder, artifacts=()) for m, c in pairs}
    evidence = {
        f"{m}/{c}": calm.evidence["alpha/one"].model_copy(update={"model": m, "challenge": c})
        for m, c in pairs
    }
    grades = {
        f"{m}/{c}": Grade(grader="evidence", kind="computed", model=m, challenge=c, letter="B")
        for m, c in pairs
    }
    found = {"models": models, "challenges": challenges, "runs": runs}
    own = {
        "corpus": calm.corpus.model_copy(update=found),
        "evidence": evidence,
        "standings": dict.fromkeys(keys, "current"),
        "grades": {"evidence": grades},
        "pairs": tuple(combinations(list(models)[:3], 2)),
    }
    made = calm.model_copy(update={**NOTHING_ELSE, **own})
    return {page.path: page.text for page in all_pages(Site(made))}


def rows(text: str, folder: str) -> set[str]:
    """The names of which a page has a row that leads to a page below `folder`."""
    heads = re.findall(r'<th scope="row"><a href="([^"#]*)"', text)
    return {head.rstrip("/").rpartition("/")[2] for head in heads if folder in head}


def test_a_long_index_goes_on_on_further_pages(many: dict[str, str]) -> None:
    """Every model and challenge is on one of them, and each leads to the next."""
    first, second = many[paths.MODELS], many["models/page--2.md"]
    assert first.count("<tr id=") == ROWS
    assert second.count("<tr id=") == MODELS - ROWS
    assert 'href="page--2/">next</a>' in first
    assert 'href="../">first</a>' in second
    assert many["challenges/page--2.md"].count("<tr id=") == CHALLENGES - ROWS


def test_results_of_a_challenge_and_grades_of_a_model_go_on(many: dict[str, str]) -> None:
    """All runs of the first challenge, and all of the first model, are reached from its page."""
    for path, total in (
        (paths.challenge("c000"), MODELS),
        (paths.model("m000"), CHALLENGES),
    ):
        parts = [many[path], many[paths.further(path, 2)]]
        found = [re.findall(r'<tr id="(?:run-)?[mc]\d{3}"', part) for part in parts]
        assert [len(f) for f in found] == [ROWS, total - ROWS]


def test_what_stands_side_by_side_is_cut_and_says_so(many: dict[str, str]) -> None:
    """The matrix of the first page, the checks of a challenge and its chart."""
    home, challenge = many[paths.HOME], many[paths.challenge("c000")]
    assert home.count('<tr id="row-') == SIDE
    assert f"The first {SIDE} of {MODELS} models." in home
    assert f"The first {SIDE} of {CHALLENGES} challenges." in home
    assert f"The first {SIDE} of {MODELS} outputs." in challenge
    assert challenge.count('class="kb-head"') <= SIDE + 2


def test_no_page_is_much_longer_than_its_rows(many: dict[str, str]) -> None:
    """None is longer than the longest that a hundred rows or a matrix can make it."""
    longest = max((p for p in many if p.endswith(".md")), key=lambda p: len(many[p]))
    assert len(many[longest]) < 400_000, longest
