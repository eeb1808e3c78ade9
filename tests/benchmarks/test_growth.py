"""Exponents of growth, on costs whose exponent is known."""

from __future__ import annotations

import pytest

from benchmarks.growth import growth

RUNS = [35, 350, 3500]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power: float) -> None:
    """Whatever the factor, every slope is the exponent."""
    found = growth(RUNS, [3.0 * n**power for n in RUNS])
    assert found
    assert [found.slope, found.low, found.high, found.last] == pytest.approx([power] * 4)


def test_a_fixed_cost_flattens_the_first_slope() -> None:
    """The last is nearer to what is to come, and the range says how far they are apart."""
    found = growth(RUNS, [100 + n for n in RUNS])
    assert found
    assert found.low < found.slope < found.high == found.last
    assert found.last == pytest.approx(0.903, abs=0.001)


def test_one_size_says_nothing_of_growth() -> None:
    """Nor does a cost that was not measurable."""
    assert growth([35], [1.0]) is None
    assert growth(RUNS, [0.0, 1.0, 2.0]) is None
