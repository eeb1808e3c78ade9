"""Which of many comparisons is the worst: what stages and pages must agree on."""

from __future__ import annotations

import math

from generator.data import CheckResult, Finding


def worst(result: CheckResult) -> Finding | None:
    """The finding of a check with the largest error against its bound; None without numbers."""
    measured = [f for case in result.cases for f in case.findings if has_numbers(f)]
    return max(measured, key=weight, default=None)


def has_numbers(finding: Finding) -> bool:
    """Whether a finding holds an error and a bound."""
    return finding.error is not None and finding.bound is not None


def weight(finding: Finding) -> tuple[bool, float]:
    """Failures before the rest, then error over bound; what is not a number is the worst.

    A bound of zero (a gradient that is exactly zero, say) gives no ratio, and comes last.
    """
    error, bound = finding.error or 0.0, finding.bound or 0.0
    ratio = error / bound if bound else 0.0
    return (not finding.ok, math.inf if math.isnan(ratio) else ratio)
