"""Imported grades: letters as published, and an earlier judge's scores on a declared scale."""

from __future__ import annotations

import pytest

from generator.data import PublishedScores, Score
from generator.judge.published import score_grades
from generator.letters import letter_of


@pytest.mark.parametrize(
    ("score", "letter"), [(100, "A"), (93, "A"), (92.9, "A-"), (64, "D"), (0, "F")]
)
def test_scores_have_letters(score: float, letter: str) -> None:
    """Each step of the scale begins at its least score."""
    assert letter_of(score) == letter


def test_two_rounds_of_one_output_count_as_their_mean() -> None:
    """88 and 78 make 83, a B, and both are named."""
    rows = [Score(round=r, model="m", challenge="fuse", score=s) for r, s in ((1, 88), (2, 78))]
    published = PublishedScores(
        judge="J", date="2026-04-23", scale="0 to 100", executed_the_code=False, scores=tuple(rows)
    )
    grade = score_grades(published)["m/fuse"]
    assert grade.letter == "B"
    assert "88 and 78" in grade.why
