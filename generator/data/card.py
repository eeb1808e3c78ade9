"""A judge's own card: how reliable it was, computed from its records."""

from __future__ import annotations

from generator.data.base import Record
from generator.data.probe import Calibration, ProbeOutcome
from generator.data.share import Share


class Agreement(Record):
    """Two graders over the n runs that both gave a letter.

    alpha: Krippendorff's, ordinal; None where n is below 2 or all letters are alike. same: those
    with the same letter. apart: mean distance in steps on the scale of letters; None for n = 0.
    """

    a: str
    b: str
    alpha: float | None
    n: int
    same: int
    apart: float | None


class JudgeCard(Record):
    """What is known of a judge. Figures that cannot be computed are None, and `notes` says why.

    repeat_alpha: Krippendorff's ordinal alpha over repeats of one request; exact: pairs of repeats
    with the same letter. order: pairs of runs with the same winner in both orders; first: of the
    inconsistent ones, those that went to whichever was shown first.
    calibrations: runs and probes against what was executed, blind and with the evidence. probes:
    every expectation of every probe, and what became of it.
    inversions: pairs of a challenge in which the run with the worse verdict has the better judged
    correctness. texts: analyses and profiles that are shown; sourced: paragraphs of theirs in
    which every number has a source. length: Spearman's rank correlation of letter and size of the
    submission.
    """

    judge: str
    model: str
    exchanges: int
    unscored: int
    cost: float
    tokens: int
    runs: int
    duels: int
    texts: int
    repeat_alpha: float | None
    exact: Share
    order: Share
    first: Share
    calibrations: tuple[Calibration, ...]
    inversions: Share
    quotes: Share
    sourced: Share
    agreement: dict[str, float | None]
    length: float | None
    probes: tuple[ProbeOutcome, ...] = ()
    notes: tuple[str, ...] = ()
