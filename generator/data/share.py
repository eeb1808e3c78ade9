"""A share of a count, with what its size leaves open."""

from __future__ import annotations

from generator.data.base import Record


class Share(Record):
    """A share of n with its 95 % Wilson interval (Wilson 1927, JASA 22, p. 209); None for n = 0."""

    count: int
    n: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
