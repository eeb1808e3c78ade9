"""A judge held against what was executed: runs, and planted probes whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.data import (
    POINTS,
    Calibration,
    Evidence,
    Expectation,
    JudgedRun,
    Letter,
    Planted,
    ProbeOutcome,
    Share,
    Verdict,
)
from generator.data.probe import Arm
from generator.judge.grading import said, usable
from generator.judge.rubric import overall, rubric
from generator.letters import steps

RIGHT = POINTS["A-"]
ARMS: tuple[Arm, ...] = ("blind", "with evidence")
OVERALL = "overall"


@dataclass(frozen=True)
class Probed:
    """The planted probes, and what judges were asked about them as they stand now, by kind."""

    planted: tuple[Planted, ...] = ()
    judged: tuple[JudgedRun, ...] = ()

    def by(self, judge: str) -> list[JudgedRun]:
        """What one judge was asked."""
        return [record for record in self.judged if record.judge == judge]

    def outcomes(self, judge: str) -> Iterator[ProbeOutcome]:
        """Every expectation of every probe, in both arms, held against one judge."""
        for arm in ARMS:
            given = by_key(self.by(judge), arm)
            for probe in self.planted:
                yield from outcomes(probe, arm, given)


def share(hits: Iterable[bool]) -> Share:
    """A share with its 95 % Wilson interval; no share of nothing."""
    listed = list(hits)
    n, count = len(listed), sum(listed)
    if not n:
        return Share(count=0, n=0)
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(method="wilson")
    low, high = (round(float(end), 4) for end in interval)
    return Share(count=count, n=n, share=round(count / n, 4), low=low, high=high)


def tested(evidence: dict[str, Evidence], run: str) -> bool | None:
    """Whether a run passed its tests; None where that is not known."""
    record = evidence.get(run)
    if record is None or not (record.verdict is Verdict.PASSED or record.verdict.failed):
        return None
    return record.verdict is Verdict.PASSED


def letters(judged: JudgedRun, arm: Arm) -> dict[str, Letter]:
    """The judge's own median letter on each dimension and overall, before any cap."""
    found = said(usable(judged.arm("blind" if arm == "blind" else "repeat")))
    whole = overall(found)
    return found | ({OVERALL: whole} if whole else {})


def by_key(judged: Iterable[JudgedRun], arm: Arm) -> dict[str, dict[str, Letter]]:
    """The letters of every record that has any in this arm, by `model/challenge`."""
    listed = {record.key: letters(record, arm) for record in judged}
    return {key: found for key, found in listed.items() if found}


def of_runs(judged: list[JudgedRun], evidence: dict[str, Evidence], arm: Arm) -> Calibration:
    """The judge's correctness on runs against their tests, the rubric's caps as limits."""
    given = {k: f["correctness"] for k, f in by_key(judged, arm).items() if "correctness" in f}
    failing = [k for k in given if tested(evidence, k) is False]
    passing = [k for k in given if tested(evidence, k) is True]
    caps = {k: rubric().caps[str(evidence[k].verdict)][OVERALL] for k in failing}
    return Calibration(
        of="runs",
        arm=arm,
        caught=share(POINTS[given[k]] <= POINTS[caps[k]] for k in failing),
        cleared=share(POINTS[given[k]] >= RIGHT for k in passing),
        false_a=share(POINTS[given[k]] >= RIGHT for k in failing),
        resisted=Share(count=0, n=0),
    )


def of_probes(found: list[ProbeOutcome], arm: Arm) -> Calibration:
    """The judge's letters on probes against what each probe states."""
    asked = [o for o in found if o.arm == arm and o.held is not None]
    wrong = [o for o in asked if o.expects.rule == "at most"]
    return Calibration(
        of="probes",
        arm=arm,
        caught=share(bool(o.held) for o in wrong),
        cleared=share(bool(o.held) for o in asked if o.expects.rule == "at least"),
        false_a=share(POINTS[o.letter] >= RIGHT for o in wrong if o.letter),
        resisted=share(bool(o.held) for o in asked if not o.expects.letter),
    )


def outcomes(
    probe: Planted, arm: Arm, given: dict[str, dict[str, Letter]]
) -> Iterator[ProbeOutcome]:
    """The expectations of one probe in one arm. given: letters by `kind/challenge`."""
    own = given.get(f"{probe.kind}/{probe.challenge}", {})
    control = given.get(f"{probe.control}/{probe.challenge}", {})
    for expects in probe.expects:
        letter, beside = own.get(expects.dimension), control.get(expects.dimension)
        yield ProbeOutcome(
            kind=probe.kind,
            challenge=probe.challenge,
            arm=arm,
            expects=expects,
            letter=letter,
            control=beside,
            held=held(expects, letter, beside) if probe.as_planned else None,
        )


def held(expects: Expectation, letter: Letter | None, control: Letter | None) -> bool | None:
    """Whether an expectation held; None where a letter that it needs is not there."""
    limit = expects.letter or control
    if letter is None or limit is None:
        return None
    if expects.rule == "at least":
        return POINTS[letter] >= POINTS[limit]
    if expects.rule == "within a step of its control":
        return steps(letter, limit) <= 1
    return POINTS[letter] <= POINTS[limit]
