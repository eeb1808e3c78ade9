"""Numbers in a judge's prose: what it was shown stands, what it made up is marked."""

from __future__ import annotations

import pytest

from generator.judge.numbers import marked

SHOWN = "E01 forward: 18 of 19 checks, error 1.5e-07, 30,731 tokens, line 12| x = 0.25"


@pytest.mark.parametrize("prose", ["18 of 19 pass", "about 30731", "near 0.25", "x2 and v1.2b"])
def test_numbers_that_were_shown_stand(prose: str) -> None:
    """Thousands separators do not matter, and a name with a digit is no number."""
    assert marked(prose, SHOWN) == prose


@pytest.mark.parametrize("prose", ["42 checks", "20% slower", "1,234 rows"])
def test_made_up_numbers_are_marked_and_kept(prose: str) -> None:
    """The sentence is not cut, and a reader sees which number has no source."""
    found = marked(prose, SHOWN)
    assert prose.partition(" ")[0] in found
    assert "a number of the judge's own" in found
