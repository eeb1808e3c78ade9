"""A judge's own card: how reliable it was, computed from its records."""

from __future__ import annotations

from generator.data.base import Record


class Share(Record):
    """A share of n with its 95 % Wilson interval (Wilson 1927, JASA 22, p. 209); None for n = 0."""

    count: int
    n: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class JudgeCard(Record):
    """What is known of a judge. Figures that cannot be computed are None, and `notes` says why.

    repeat_alpha: Krippendorff's ordinal alpha over repeats of one request; exact: pairs of repeats
    with the same letter. order: pairs of runs with the same winner in both orders; first: of the
    inconsistent ones, those that went to whichever was shown first.
    caught, cleared: of runs that fail (pass) their tests, those whose blind correctness letter is
    below A- (A- or better). false_a: failing runs with a blind A- or better.
    inversions: pairs of a challenge in which the run with the worse verdict has the better judged
    correctness. length: Spearman's rank correlation of letter and size of the submission.
    """

    judge: str
    model: str
    exchanges: int
    unscored: int
    cost: float
    tokens: int
    runs: int
    duels: int
    repeat_alpha: float | None
    exact: Share
    order: Share
    first: Share
    caught: Share
    cleared: Share
    false_a: Share
    inversions: Share
    quotes: Share
    agreement: dict[str, float | None]
    length: float | None
    notes: tuple[str, ...] = ()
