"""Graders: each turns runs and evidence into grades, behind one seam."""

from __future__ import annotations

from typing import Protocol

from generator.data import Challenge, Evidence, Grade, Run


class Grader(Protocol):
    """One way to grade a run; a language model is one, a function of the evidence is another."""

    name: str

    def grade(self, run: Run, challenge: Challenge, evidence: Evidence | None) -> Grade:
        """The grade of one run; never raises for anything in the run, but returns it ungraded."""
