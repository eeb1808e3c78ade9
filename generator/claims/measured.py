"""Checks on what was measured on the original outputs."""

from __future__ import annotations

from generator.claims.registry import Result, check, holds, needed
from generator.data import MeasuredRun, Published


def measured(published: Published, model: str, challenge: str) -> MeasuredRun:
    """The figures measured on one original."""
    known = needed(published.measured, "measured.yaml")
    return known.runs[f"{model}/{challenge}"]


def told(run: MeasuredRun) -> str:
    """A measured run in words."""
    if run.checks_passed is None:
        return run.note
    total = run.checks_passed + (run.checks_failed or 0)
    failing = f"; fails {', '.join(run.failed)}" if run.failed else ""
    return f"measured: {run.checks_passed} of {total} checks passed{failing}"


@check
def original_is_right(published: Published, model: str, challenge: str) -> Result:
    """A high grade or praise for correctness against what was measured."""
    run = measured(published, model, challenge)
    if run.right is None:
        return "unverifiable", "not measured"
    return holds(run.right, told(run))


@check
def original_fails(published: Published, model: str, challenge: str, checks: list[str]) -> Result:
    """Whether an original fails all of these checks."""
    run = measured(published, model, challenge)
    return holds(set(checks) <= set(run.failed), told(run))


@check
def original_passes(published: Published, model: str, challenge: str, checks: list[str]) -> Result:
    """Whether an original fails none of these checks."""
    run = measured(published, model, challenge)
    return holds(not set(checks) & set(run.failed), told(run))


@check
def original_noted(
    published: Published, model: str, challenge: str, words: list[str], contradicts: bool = False
) -> Result:
    """A named trait of an original, by the words of the measurement's note."""
    note = measured(published, model, challenge).note
    present = all(word in note for word in words)
    if not present:
        return "unverifiable", f"not among what was measured ({note or 'no note'})"
    return holds(not contradicts, f"measured: {note}")


@check
def no_record(_published: Published, why: str) -> Result:
    """A sentence that no stored record can decide."""
    return "unverifiable", why
