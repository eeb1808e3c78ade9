"""One model on one challenge, with everything that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.data import (
    POINTS,
    Challenge,
    Contradiction,
    Evidence,
    Grade,
    Letter,
    MeasuredRun,
    Model,
    Provenance,
    Run,
    Verdict,
)
from generator.render.verdicts import SENTENCES
from generator.tally import tally

NAMED = 3
TWICE = re.compile(r"^(\S+): (?=\1[:(])")  # a file, before a compiler's message that names it too


@dataclass(frozen=True)
class Cell:
    """One model on one challenge, as the matrix shows it.

    entered: whether there is a folder or a published letter; verdict is None where there is no
    record. provenance: one or two words, never left out of what is shown.
    """

    model: Model
    challenge: Challenge
    run: Run | None
    published: Grade | None
    graded: Grade | None
    evidence: Evidence | None
    standing: str
    contradiction: Contradiction | None
    measured: MeasuredRun | None

    @property
    def entered(self) -> bool:
        """Whether the model has anything to do with the challenge."""
        return self.run is not None or self.published is not None

    @property
    def key(self) -> str:
        """`model/challenge`."""
        return f"{self.model.slug}/{self.challenge.slug}"

    @property
    def letter(self) -> Letter | None:
        """The published letter."""
        return self.published.letter if self.published else None

    @property
    def verdict(self) -> Verdict | None:
        """What the tests say."""
        return self.evidence.verdict if self.evidence else None

    @property
    def passes(self) -> bool:
        """Whether the output passes everything that decides."""
        return self.verdict is Verdict.PASSED and self.standing == "current"

    @property
    def fails(self) -> bool:
        """Whether the outcome counts against the output."""
        current = self.standing == "current"
        return current and self.verdict is not None and self.verdict.failed

    @property
    def was_run(self) -> bool:
        """Whether there is an outcome that speaks for or against the output."""
        return self.passes or self.fails

    @property
    def provenance(self) -> str:
        """Whose output was run."""
        return provenance(self.model)

    @property
    def state(self) -> str:
        """Whether the record is current, and where it was made if not on a plain machine."""
        if self.evidence is None:
            return "no record"
        device = self.evidence.extra.get("device")
        name = device.get("name", "") if isinstance(device, dict) else device or ""
        made = f"recorded on {name}" if name else "recorded"
        return made if self.standing == "current" else f"{made}, stale"

    @property
    def reason(self) -> str:
        """One sentence on the cell."""
        if not self.entered:
            return f"{self.model.name} never entered {self.challenge.title}."
        graded = f"published {self.letter}" if self.letter else "not graded when published"
        measured = f" Measured on the original: {self.original}." if self.original else ""
        return f"{self.model.name}, {self.challenge.title}: {graded}; {self.tested}{measured}"

    @property
    def tested(self) -> str:
        """What the tests say, in words that name whose output they are about."""
        subject = "the stand-in" if self.model.provenance is Provenance.STAND_IN else "the output"
        if self.run is None:
            return "no output is stored here."
        if self.evidence is None:
            return f"{subject} has no record of a run yet."
        if self.standing == "stale":
            return f"the record on {subject} is stale: its files or its tests changed since."
        return f"{subject} {SENTENCES[self.evidence.verdict]} ({self.brief})."

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that count against the output, deciding or not."""
        checks = self.evidence.checks if self.evidence else {}
        return tuple(name for name, result in checks.items() if result.verdict.failed)

    @property
    def brief(self) -> str:
        """The record's summary, with a long list of failed checks cut short."""
        if self.evidence is None:
            return "no record of a run"
        if len(self.failed) <= NAMED:
            return TWICE.sub("", self.evidence.summary)
        return tally(self.challenge, self.evidence.checks, NAMED)

    @property
    def points(self) -> float:
        """The published letter in grade points; 0 where there is none."""
        return POINTS[self.published.letter] if self.published and self.published.letter else 0.0

    @property
    def misjudged(self) -> bool:
        """Whether an original graded A- or better was measured to be wrong."""
        wrong = self.measured is not None and self.measured.right is False
        return wrong and self.points >= POINTS["A-"]

    @property
    def uncompiled(self) -> bool:
        """Whether the original was measured not to compile."""
        return self.measured is not None and self.measured.compiles_as_stored is False

    @property
    def original(self) -> str:
        """What was measured on the original output, in a few words; empty where nothing was."""
        found = self.measured
        if found is None:
            return ""
        if found.compiles_as_stored is False:
            return "does not compile"
        if found.checks_failed:
            total = found.checks_failed + (found.checks_passed or 0)
            return f"fails {found.checks_failed} of {total}"
        return {True: "right", False: "wrong", None: ""}[found.right]


def provenance(model: Model) -> str:
    """The provenance of a model's files in a word or two."""
    return {"stand-in": "stand-in", "original": "original"}.get(model.provenance, "origin unstated")
