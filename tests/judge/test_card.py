"""The judge's card: shares, agreement and calibration computed from its records."""

from __future__ import annotations

import pytest

from generator.judge.card import alpha, share, spearman


def test_a_share_has_a_wilson_interval() -> None:
    """8 of 10: 0.80 with 0.49 to 0.94 (Wilson 1927; the same as statsmodels gives)."""
    found = share([True] * 8 + [False] * 2)
    assert (found.share, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_nothing_counted_is_no_share() -> None:
    """Zero of zero is not zero."""
    assert share([]).share is None


def test_perfect_and_no_agreement() -> None:
    """Identical repeats give an alpha of 1; opposite ones give less than 0."""
    assert alpha([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]) == 1
    below = alpha([[1.0, 3.0], [3.0, 1.0], [1.0, 3.0]])
    assert below is not None
    assert below < 0


def test_constant_letters_have_no_alpha() -> None:
    """Where every letter is the same, agreement cannot be told from habit."""
    assert alpha([[2.0, 2.0], [2.0, 2.0]]) is None
    assert spearman([(1.0, 1), (1.0, 2), (1.0, 3)]) is None


def test_equal_letters_share_the_mean_of_their_ranks() -> None:
    """Ranks 1, 2.5, 2.5, 4 against 1, 2, 3.5, 3.5: 3.75 / 4.5 by hand."""
    assert spearman([(1.0, 10), (2.0, 20), (2.0, 30), (4.0, 30)]) == pytest.approx(0.8333)
