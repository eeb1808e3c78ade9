"""Ranking: one rule, and what follows from it on the published matrix."""

from __future__ import annotations

from pathlib import Path

from generator.data import Grade
from generator.judge.published import as_grades
from generator.published import load_published
from generator.rank import nearest_letter, rank

ROOT = Path(__file__).resolve().parent.parent


def published() -> list[Grade]:
    """The imported grades."""
    loaded = load_published(ROOT / "docs" / "records").grades
    assert loaded
    return list(as_grades(loaded).values())


def test_the_published_matrix_gives_these_means() -> None:
    """Opus 4.7 3.75, Qwen3-6 3.68, GLM-5 3.64, with 8, 8, 8, 3, 3 and 5 grades."""
    places = {p.model: (p.points, p.challenges) for p in rank("published", published()).places}
    assert places == {
        "opus47_1m": (3.75, 8),
        "qwen36": (3.675, 8),
        "glm5": (3.6375, 8),
        "glm5.1": (2.9667, 3),
        "kimi-k2.6": (2.9, 3),
        "minimax-m2.7": (2.88, 5),
    }


def test_too_few_challenges_are_listed_and_not_ranked() -> None:
    """Three or five grades of eight give a mean and no rank."""
    ranks = {p.model: p.best_rank for p in rank("published", published()).places}
    assert [model for model, best in ranks.items() if best is None] == [
        "glm5.1", "kimi-k2.6", "minimax-m2.7",
    ]  # fmt: skip


def test_the_order_of_the_grades_does_not_matter() -> None:
    """Reversing the input changes nothing."""
    assert rank("x", published()) == rank("x", reversed(published()))


def test_letters_of_means() -> None:
    """The nearest letter by points, the better of two equally near."""
    assert nearest_letter(3.75) == "A-"
    assert nearest_letter(3.85) == "A"
