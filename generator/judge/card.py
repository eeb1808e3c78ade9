"""The judge judged: agreement with itself, with the tests and with others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from generator.data import (
    POINTS,
    Evidence,
    Exchange,
    Grade,
    JudgeCard,
    JudgedDuel,
    JudgedRun,
    JudgedText,
    ProbeOutcome,
    Status,
    Told,
)
from generator.judge.agreement import alpha, paired
from generator.judge.calibration import ARMS, Probed, by_key, of_probes, of_runs, share, tested
from generator.judge.dueling import answer, named
from generator.judge.grading import usable


@dataclass(frozen=True)
class Asked:
    """What judges were asked: runs, pairs and texts of this corpus, and the planted probes.

    told: the texts as pages show them.
    """

    runs: list[JudgedRun]
    duels: list[JudgedDuel]
    probes: Probed
    texts: tuple[JudgedText, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def judges(self) -> list[str]:
        """Those that were asked about runs or probes."""
        return sorted({record.judge for record in (*self.runs, *self.probes.judged)})

    def of(self, judge: str) -> Asked:
        """What this judge was asked; the probes are those of all judges."""
        return replace(
            self,
            runs=[run for run in self.runs if run.judge == judge],
            duels=[duel for duel in self.duels if duel.judge == judge],
            texts=tuple(text for text in self.texts if text.judge == judge),
            told=tuple(text for text in self.told if text.judge == judge),
        )


def card(
    judge: str,
    everything: Asked,
    evidence: dict[str, Evidence],
    grades: dict[str, dict[str, Grade]],
    sizes: dict[str, int],
) -> JudgeCard:
    """The card of one judge. grades: of all graders; sizes: bytes of each run's files."""
    own, mine = grades.get(judge, {}), everything.of(judge)
    paragraphs = [p for text in mine.told for p in text.paragraphs]
    asked = exchanges([*mine.runs, *mine.probes.by(judge)], mine.duels, mine.texts)
    swaps = [swap for duel in mine.duels if (swap := both_orders(duel))]
    outcomes = list(mine.probes.outcomes(judge))
    repeats = repeat_table(mine.runs)
    return JudgeCard(
        judge=judge,
        model=", ".join(sorted({e.returned_model for e in asked if e.returned_model})),
        exchanges=len(asked),
        unscored=sum(e.status is not Status.OK for e in asked),
        cost=round(sum(e.cost for e in asked), 4),
        tokens=sum(e.usage.input + e.usage.output for e in asked),
        runs=len(own),
        duels=len(mine.duels),
        texts=sum(bool(text.paragraphs) for text in mine.told),
        repeat_alpha=alpha(repeats),
        exact=share(same for row in repeats for same in equal_pairs(row)),
        order=share(one == other for one, other, _ in swaps),
        first=share(first for one, other, first in swaps if one != other),
        calibrations=(
            *(of_runs(mine.runs, evidence, arm) for arm in ARMS),
            *(of_probes(outcomes, arm) for arm in ARMS),
        ),
        inversions=share(inverted(own, evidence)),
        quotes=share([*quotes_found(own), *(q.found for p in paragraphs for q in p.quotes)]),
        sourced=share(paragraph.sourced for paragraph in paragraphs),
        agreement={
            name: alpha(paired(own, other)) for name, other in grades.items() if name != judge
        },
        length=spearman([(POINTS[g.letter], sizes[k]) for k, g in own.items() if g.letter]),
        probes=tuple(outcomes),
        notes=notes(mine.runs, outcomes, swaps),
    )


def quotes_found(own: dict[str, Grade]) -> list[bool]:
    """Whether each quote of a judge stands where it said."""
    return [q.found for g in own.values() for d in g.dimensions.values() for q in d.quotes]


def exchanges(
    runs: list[JudgedRun], duels: list[JudgedDuel], texts: tuple[JudgedText, ...]
) -> list[Exchange]:
    """Everything that was asked."""
    records: list[JudgedRun | JudgedDuel | JudgedText] = [*runs, *duels, *texts]
    return [exchange for record in records for exchange in record.exchanges.values()]


def repeat_table(runs: list[JudgedRun]) -> list[list[float]]:
    """A row per run and dimension: the points of every repeat that left a letter."""
    rows: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        for reply in usable(run.arm("repeat")):
            for said in reply.dimensions:
                rows.setdefault((run.key, said.dimension), []).append(POINTS[said.letter])
    return [row for row in rows.values() if len(row) > 1]


def equal_pairs(row: list[float]) -> list[bool]:
    """Whether each two repeats agree."""
    return [a == b for a, b in combinations(row, 2)]


def both_orders(duel: JudgedDuel) -> tuple[str | None, str | None, bool] | None:
    """The winners in both orders, and whether both were the run shown first."""
    forward = answer(duel.exchanges.get("forward"))
    backward = answer(duel.exchanges.get("backward"))
    if forward is None or backward is None:
        return None
    first = forward.winner == backward.winner == "first"
    return named(forward, duel.a, duel.b), named(backward, duel.b, duel.a), first


def inverted(own: dict[str, Grade], evidence: dict[str, Evidence]) -> list[bool]:
    """For a passing and a failing run of one challenge: was the failing one graded better?"""
    sides: dict[tuple[str, bool], list[float]] = {}
    for key, grade in own.items():
        passes = tested(evidence, key)
        letter = grade.dimensions["correctness"].judged if grade.dimensions else None
        if passes is not None and letter:
            sides.setdefault((grade.challenge, passes), []).append(POINTS[letter])
    return [
        bad > good
        for (challenge, passes), letters in sides.items()
        if passes
        for good in letters
        for bad in sides.get((challenge, False), ())
    ]


def spearman(pairs: list[tuple[float, int]]) -> float | None:
    """Spearman's rank correlation; None for under three pairs, or where a side does not vary."""
    if len(pairs) < 3 or len({a for a, _ in pairs}) < 2 or len({b for _, b in pairs}) < 2:
        return None
    from scipy.stats import spearmanr

    one, other = zip(*pairs, strict=True)
    return round(float(spearmanr(one, other).statistic), 4)


def notes(
    runs: list[JudgedRun],
    outcomes: list[ProbeOutcome],
    swaps: list[tuple[str | None, str | None, bool]],
) -> tuple[str, ...]:
    """What is missing from the card, and how to get it."""
    found = []
    if not by_key(runs, "blind"):
        found.append("no blind arm was run, so the judge is not calibrated against the tests")
    if not any(outcome.held is not None for outcome in outcomes):
        found.append("no planted probe was judged as it stands now: python -m generator judge")
    if not swaps:
        found.append("no pair was judged in both orders")
    return tuple(found)
