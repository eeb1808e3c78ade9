"""What can be said of a challenge or a model from the records alone, by named rules.

This is what the pages say where no judge has written anything. A remark names the rule that made
it, so that a reader can tell a computed sentence from an opinion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generator.data import Verdict
from generator.render.cells import Cell
from generator.render.failures import failed_checks, numbers
from generator.render.sheets import SIDE
from generator.render.verdicts import SENTENCES
from generator.words import listed


@dataclass(frozen=True)
class Remark:
    """One sentence, the rule that made it, and the run that it is about, if it is one."""

    rule: str
    text: str
    run: Cell | None = None


Rule = Callable[[Sequence[Cell]], Iterator[Remark]]


def remarks(cells: Sequence[Cell]) -> list[Remark]:
    """Every remark on a challenge, in the order of RULES; never empty."""
    entered = [cell for cell in cells if cell.entered]
    return [remark for rule in RULES for remark in rule(entered)]


def coverage(cells: Sequence[Cell]) -> Iterator[Remark]:
    """Who entered, who is graded, and what was run."""
    graded = sum(cell.letter is not None for cell in cells)
    tested = sum(cell.was_run for cell in cells)
    silent = [cell for cell in cells if cell.verdict is Verdict.NO_OUTPUT]
    text = (
        f"{len(cells)} models entered; {graded} were graded when published; "
        f"{tested} outputs have been run here."
    )
    yield Remark("coverage", text + (f" {names(silent)} produced nothing." if silent else ""))


def passing(cells: Sequence[Cell]) -> Iterator[Remark]:
    """Whose output passes everything that decides."""
    good = [cell for cell in cells if cell.passes]
    tested = [cell for cell in cells if cell.was_run]
    if tested and not good:
        yield Remark("who passes", "No output that was run passes every check that decides.")
    elif good:
        verb = "pass" if len(good) > 1 else "passes"
        yield Remark("who passes", f"{names(good)} {verb} every check that decides.")


def falling(cells: Sequence[Cell]) -> Iterator[Remark]:
    """For each failing output: which check, by which numbers, and the mistake it is there for."""
    for cell in cells:
        if cell.fails:
            yield Remark("who fails, and why", how(cell), cell)


def how(cell: Cell) -> str:
    """How an output fails: by its first failed check, or by what kept every check from running."""
    assert cell.evidence is not None
    failed = failed_checks(cell)
    if not failed:
        verdict = SENTENCES[cell.evidence.verdict]
        return f"{cell.model.name} {verdict}: {cell.brief}."
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    text = f"{cell.model.name} fails {failed[0]}{more}{numbers(cell, failed[0])}."
    check = cell.challenge.checks.get(failed[0])
    return text + (f" That check exists to catch: {check.trap}." if check and check.trap else "")


def shared(cells: Sequence[Cell]) -> Iterator[Remark]:
    """The check that most outputs fail, when more than one does."""
    counts = Counter(name for cell in cells for name in failed_checks(cell))
    if counts and max(counts.values()) > 1:
        name = min(counts, key=lambda n: (-counts[n], n))
        who = [cell for cell in cells if name in failed_checks(cell)]
        yield Remark("the commonest failure", f"{name} is failed by {names(who)}.")


def separating(cells: Sequence[Cell]) -> Iterator[Remark]:
    """How far the published letters lie apart, and whether the tests agree with their order."""
    graded = sorted((cell for cell in cells if cell.letter), key=lambda cell: -cell.points)
    if len(graded) < 2:
        return
    top, last = graded[0], graded[-1]
    yield Remark(
        "published spread",
        f"Published letters run from {top.letter} ({top.model.name}) "
        f"to {last.letter} ({last.model.name}).",
    )
    tested = [c for c in graded if c.was_run]
    inverted = [(a, b) for a in tested for b in tested if above(a, b) and a.fails and b.passes]
    for a, b in inverted[:2]:
        text = (
            f"{a.model.name} was published above {b.model.name} ({a.letter} against {b.letter}), "
            f"yet its output fails and {b.model.name}'s passes."
        )
        yield Remark("order against tests", text, a)


def self_tests(cells: Sequence[Cell]) -> Iterator[Remark]:
    """Outputs whose own tests all pass although the checks here fail."""
    blind = [
        cell
        for cell in cells
        if cell.fails and cell.evidence and cell.evidence.own_tests
        and all(test.ended and test.status == 0 for test in cell.evidence.own_tests)
    ]  # fmt: skip
    if blind:
        yield Remark(
            "own tests",
            f"Every test that {names(blind)} came with passes; the checks here fail all the same.",
        )


RULES: tuple[Rule, ...] = (coverage, passing, falling, shared, separating, self_tests)


def strengths(cells: Sequence[Cell]) -> list[Remark]:
    """What a model did well, by the tests: the challenges it passes, hardest first."""
    good = [cell for cell in cells if cell.passes]
    return [
        Remark("passes", f"{c.challenge.title}: passes every check that decides ({c.brief}).", c)
        for c in reversed(good)
    ]


def weaknesses(cells: Sequence[Cell]) -> list[Remark]:
    """What a model did badly, by the tests."""
    found = list(falling(cells))
    return [Remark(r.rule, f"{r.run.challenge.title}: {r.text}", r.run) for r in found if r.run]


def above(a: Cell, b: Cell) -> bool:
    """Whether a's published letter is better than b's."""
    return bool(a.letter and b.letter) and a.points > b.points


def names(cells: Sequence[Cell]) -> str:
    """The models' names as a part of a sentence; of many the first."""
    return listed((cell.model.name for cell in cells), SIDE)
