"""Planted probes: submissions whose truth is known, and what a judge made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from generator.data.base import Record
from generator.data.evidence import Verdict
from generator.data.opinion import Letter
from generator.data.share import Share

Arm = Literal["blind", "with evidence"]
Rule = Literal["at most", "at least", "not above its control", "within a step of its control"]


class Expectation(Record):
    """What a sound judge must do with a probe in one dimension, or `overall`."""

    dimension: str
    rule: Rule
    letter: Letter | None = None

    @model_validator(mode="after")
    def _letter_where_needed(self) -> Expectation:
        """A limit needs its letter; a comparison with a control has none."""
        if (self.letter is None) is (self.rule in {"at most", "at least"}):
            raise ValueError("letter: needed for at most and at least, and for these alone")
        return self

    @property
    def says(self) -> str:
        """The rule in words."""
        return f"{self.rule} {self.letter}" if self.letter else self.rule


class Edit(Record):
    """One replacement in a source; `old` occurs exactly once."""

    old: str
    new: str


class Kernels(Record):
    """The kernels of one challenge that probes are made of; see probes.yaml."""

    right: str
    naive: str
    mutant: str
    broken: Edit
    table: str


class Kind(Record):
    """One kind of probe: a kernel, what is set around it, and what a sound judge must do.

    control: the kind with the same kernel and nothing around it; its own name where there is none.
    """

    says: str
    kernel: Literal["right", "naive", "mutant", "broken", "table"]
    before: str = ""
    after: str = ""
    times: Annotated[int, Field(gt=0)] = 1
    control: str = ""
    expects: Annotated[tuple[Expectation, ...], Field(min_length=1)]

    @property
    def right(self) -> bool:
        """Whether the kernel does what its challenge asks."""
        return self.kernel in {"right", "naive"}


class Probes(Record):
    """All of probes.yaml."""

    kernels: dict[str, Kernels]
    kinds: dict[str, Kind]

    @model_validator(mode="after")
    def _controls(self) -> Probes:
        """A comparison needs a control that is there."""
        for name, kind in self.kinds.items():
            if kind.control and kind.control not in self.kinds:
                raise ValueError(f"kinds.{name}.control: no kind called {kind.control!r}")
            if not kind.control and any(e.letter is None for e in kind.expects):
                raise ValueError(f"kinds.{name}.expects: a comparison, and no control")
        return self


class Planted(Record):
    """One probe and what the tests found of it; no verdict where its record is not current.

    as_planned: whether that is what the probe was planted to be. Others calibrate nothing.
    """

    kind: str
    challenge: str
    says: str
    right: bool
    expects: tuple[Expectation, ...]
    control: str
    verdict: Verdict | None = None
    summary: str = ""

    @property
    def as_planned(self) -> bool:
        """Whether the tests found what the probe was planted to be."""
        if self.verdict is None:
            return False
        return self.verdict is Verdict.PASSED if self.right else self.verdict.failed


class ProbeOutcome(Record):
    """One expectation of one probe in one arm: the letter given, the control's, and if it held.

    held: None where the judge was not asked, gave no usable reply, or the probe is not as planned.
    """

    kind: str
    challenge: str
    arm: Arm
    expects: Expectation
    letter: Letter | None = None
    control: Letter | None = None
    held: bool | None = None


class Calibration(Record):
    """How a judge's own letters on correctness, before any cap, go with what was executed.

    caught (sensitivity): of what fails, given no better than its limit: the rubric's cap for the
    verdict, or what the probe states. cleared (specificity): of what passes, given A- or better.
    false_a: of what fails, given A- or better. resisted: probes no better than their control, or
    within a step of it, where that is what they must be.
    """

    of: Literal["runs", "probes"]
    arm: Arm
    caught: Share
    cleared: Share
    false_a: Share
    resisted: Share
