"""What every kernel test shares."""

from __future__ import annotations

import numpy as np

from challenges.kit import LONGEST_DESCRIPTION, Oracle, compare, describe


class Written:
    """An item that counts how often it is written out."""

    times = 0

    def __repr__(self) -> str:
        Written.times += 1
        return "item"


def test_a_description_costs_no_more_than_what_it_shows() -> None:
    """An output may return a million items, and the judge has no deadline."""
    for many in ([Written()] * 10**6, {n: [Written()] for n in range(10**6)}):
        Written.times = 0
        text = describe([[many]])
        assert len(text) == LONGEST_DESCRIPTION
        assert text.endswith("...")
        assert Written.times < LONGEST_DESCRIPTION


def test_a_short_value_is_described_as_it_is_written() -> None:
    """But arrays, of which the shape and the dtype tell."""
    for value in ([], {}, [1, [2.5, "a'b"], None], {"tokens": [True], "x": {}}, "text", -0.0):
        assert describe(value) == repr(value)
    assert describe([np.zeros((2, 3))]) == "[array of shape (2, 3), float64]"


def test_a_bound_that_is_no_number_passes_nothing() -> None:
    """Not even the answer itself: such a case is ours to mend, and is seen by honest variants."""
    answer = np.ones((2, 3))
    bounds = {bound: np.full((2, 1), bound) for bound in (0.0, np.nan)}
    found = {b: compare("y", answer, Oracle({"y": answer}, {"y": a})) for b, a in bounds.items()}
    assert [finding.ok for finding in found.values()] == [True, False]
