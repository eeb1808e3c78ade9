"""What can be said of a challenge or a model from the records alone, by named rules.

This is what the pages say where no judge has written anything. A remark names the rule that made
it, so that a reader can tell a computed sentence from an opinion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generator.data import POINTS, Finding, Verdict
from generator.render.cells import Cell
from generator.render.sheets import SIDE
from generator.render.verdicts import SENTENCES


@dataclass(frozen=True)
class Remark:
    """One sentence, the rule that made it, and the run it points to (`model/challenge`), if one."""

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
    silent = [c.model.name for c in cells if c.verdict is Verdict.NO_OUTPUT]
    text = (
        f"{len(cells)} models entered; {graded} were graded when published; "
        f"{tested} outputs have been run here."
    )
    yield Remark("coverage", text + (f" {listed(silent)} produced nothing." if silent else ""))


def passing(cells: Sequence[Cell]) -> Iterator[Remark]:
    """Whose output passes everything that decides."""
    good = [cell for cell in cells if cell.passes]
    tested = [cell for cell in cells if cell.was_run]
    if tested and not good:
        yield Remark("who passes", "No output that was run passes every check that decides.")
    elif good:
        verb = "pass" if len(good) > 1 else "passes"
        yield Remark("who passes", f"{listed(names(good))} {verb} every check that decides.")


def falling(cells: Sequence[Cell]) -> Iterator[Remark]:
    """For each failing output: which check, by which numbers, and the mistake it is there for."""
    for cell in cells:
        if not cell.fails or cell.verdict is None:
            continue
        failed = failed_checks(cell)
        if not failed:
            yield Remark(
                "who fails, and why",
                f"{cell.model.name} {SENTENCES[cell.verdict]}: {cell.evidence.summary}."
                if cell.evidence
                else "",
                cell,
            )
            continue
        name = failed[0]
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        trap = cell.challenge.checks[name].trap
        text = f"{cell.model.name} fails {name}{more}{numbers(cell, name)}."
        yield Remark(
            "who fails, and why",
            text + (f" That check exists to catch: {trap}." if trap else ""),
            cell,
        )


def shared(cells: Sequence[Cell]) -> Iterator[Remark]:
    """The check that most outputs fail, when more than one does."""
    counts = Counter(name for cell in cells for name in failed_checks(cell))
    if counts and max(counts.values()) > 1:
        name = min(counts, key=lambda n: (-counts[n], n))
        who = [cell.model.name for cell in cells if name in failed_checks(cell)]
        yield Remark("the commonest failure", f"{name} is failed by {listed(who)}.")


def separating(cells: Sequence[Cell]) -> Iterator[Remark]:
    """How far the published letters lie apart, and whether the tests agree with their order."""
    graded = sorted((c for c in cells if c.letter), key=lambda c: -POINTS[c.letter or "F"])  # type: ignore[index]
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
        cell.model.name
        for cell in cells
        if cell.fails and cell.evidence and cell.evidence.own_tests
        and all(test.ended and test.status == 0 for test in cell.evidence.own_tests)
    ]  # fmt: skip
    if blind:
        yield Remark(
            "own tests",
            f"Every test that {listed(blind)} came with passes; the checks here fail all the same.",
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


def failed_checks(cell: Cell) -> list[str]:
    """The deciding checks that failed, in order; a check that is gone is left out."""
    if cell.evidence is None:
        return []
    checks = cell.evidence.checks.items()
    return [
        name for name, result in checks if result.verdict.failed and cell.challenge.decides(name)
    ]


def failing(cell: Cell) -> list[tuple[str, str]]:
    """The deciding checks that an output fails, each with its worst numbers."""
    return [(name, numbers(cell, name)) for name in failed_checks(cell)] if cell.fails else []


def numbers(cell: Cell, check: str) -> str:
    """The worst numbers of a failed check, or what stopped it, as the end of a sentence."""
    assert cell.evidence is not None
    cases = [c for c in cell.evidence.checks[check].cases if c.verdict.failed]
    measured = [(f, c.case) for c in cases for f in c.findings if exceeds(f)]
    if measured:
        finding, case = max(measured, key=lambda pair: size(pair[0]))
        bound = "" if finding.bound is None else f", where {finding.bound:.2g} is allowed"
        return f" ({finding.name} is off by {finding.error:.3g} on {case}{bound})"
    said = next((f"{f.name} {f.detail}".strip() for c in cases for f in c.findings if not f.ok), "")
    note = said or next((c.note for c in cases if c.note), "")
    return f" ({note})" if note else ""


def exceeds(finding: Finding) -> bool:
    """Whether a failed finding's error tells why: it is beyond its bound, or not a number."""
    if finding.ok or finding.error is None:
        return False
    return finding.bound is None or not finding.error <= finding.bound


def size(finding: Finding) -> float:
    """Error over bound, with what is not a number as infinite."""
    if finding.error is None or finding.error != finding.error or not finding.bound:
        return float("inf")
    return finding.error / finding.bound


def above(a: Cell, b: Cell) -> bool:
    """Whether a's published letter is better than b's."""
    return bool(a.letter and b.letter) and POINTS[a.letter] > POINTS[b.letter]  # type: ignore[index]


def names(cells: Sequence[Cell]) -> list[str]:
    """The models' names."""
    return [cell.model.name for cell in cells]


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of many the first, `and 7 more`."""
    if len(words) > SIDE:
        return f"{', '.join(words[:SIDE])} and {len(words) - SIDE} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
