"""The judge's card: shares, agreement and calibration computed from its records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

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


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0, 4.0]), st.integers(0, 5)), min_size=3))
def test_the_rank_correlation_is_that_of_scipy(pairs: list[tuple[float, int]]) -> None:
    """With ties at the mean of their ranks."""
    found = spearman(pairs)
    if found is not None:
        assert found == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic, abs=1e-4)
