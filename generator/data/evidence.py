"""Binding and evidence: how a run was called, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from generator.data.base import Record


class Verdict(StrEnum):
    """What became of a case, a check or a run; only `failed` ones count against an output."""

    PASSED = "passed"
    WRONG = "wrong"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    DOES_NOT_COMPILE = "does not compile"
    NOT_BOUND = "not bound"
    NOT_TESTABLE = "not testable"
    NOT_RUN = "not run here"
    NO_OUTPUT = "no output"

    @property
    def failed(self) -> bool:
        """True for the outcomes that count against an output."""
        return self in {Verdict.WRONG, Verdict.CRASHED, Verdict.TIMEOUT, Verdict.DOES_NOT_COMPILE}


class Bound(Record):
    """One entry point found: where, and how to pass each canonical parameter to it.

    passes: canonical parameter -> position (int) or keyword (str) in the output's own signature.
    """

    file: str
    symbol: str
    passes: dict[str, int | str]
    reason: str


class Binding(Record):
    """How a run's entry points were found. `steps` tells what was tried, for the reader."""

    entry: dict[str, Bound] = {}
    adapter: str = ""
    module: str = ""
    definitions_only: bool = False
    placeholders: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when every required entry point was found."""
        return not self.missing


# There are hundreds in a record of evidence: with slots they take a fifth of a Record's memory.
@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Finding:
    """One comparison within a case, with its numbers (see challenges/kit.py for the rule)."""

    name: str
    ok: bool
    error: float | None = None
    bound: float | None = None
    detail: str = ""


class CaseResult(Record):
    """What became of one case."""

    case: str
    verdict: Verdict
    seconds: float
    findings: tuple[Finding, ...] = ()
    note: str = ""


class CheckResult(Record):
    """What became of one check: the worst of its cases."""

    verdict: Verdict
    cases: tuple[CaseResult, ...] = ()


class Layer(Record):
    """One isolation layer: whether it was enforced, as found by trying it."""

    name: str
    enforced: bool
    note: str = ""


class OwnTest(Record):
    """One of the author's own test or demonstration files, run as evidence of its own."""

    file: str
    ended: bool
    status: int | None
    seconds: float
    note: str = ""


class Flag(Record):
    """Something a reader of the source should know; never a verdict."""

    file: str
    line: int
    kind: str
    text: str


class Strength(Record):
    """How strong a challenge's tests are: counts of implementations, each tried on every seed.

    killed: mutants that failed the check they are named after on every seed. rejected: honest
    variants that failed anything on any seed. survivors: the names of whatever went otherwise.
    """

    challenge: str
    seeds: int
    mutants: int
    killed: int
    honest: int
    rejected: int
    survivors: tuple[str, ...] = ()


class Digests(Record):
    """What a piece of evidence was made from; it is current exactly when all still match."""

    artifacts: str
    challenge: str
    verifier: str


class Evidence(Record):
    """The record of running one run's cases."""

    schema_version: Literal[1] = 1
    model: str
    challenge: str
    verdict: Verdict
    summary: str
    checks: dict[str, CheckResult] = {}
    binding: Binding = Binding()
    own_tests: tuple[OwnTest, ...] = ()
    flags: tuple[Flag, ...] = ()
    artifacts: dict[str, str] = {}
    digests: Digests
    seed: int
    made_at: str
    seconds: float
    machine: dict[str, str] = {}
    isolation: tuple[Layer, ...] = ()
    copies: dict[str, str] = {}
    extra: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """`model/challenge`, as Run.key has it."""
        return f"{self.model}/{self.challenge}"
