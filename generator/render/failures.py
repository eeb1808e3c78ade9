"""Which deciding checks an output fails, each with its worst numbers."""

from __future__ import annotations

from generator.data import Finding
from generator.render.cells import Cell


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
