"""Every record type of the project: frozen, validated when loaded, free of behaviour.

The words are those of docs/guide/architecture.md. Times are seconds, memory is in megabytes (10**6
bytes), digests are lower-case hex SHA-256, times of day are ISO 8601 in UTC.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """The base of all records: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(StrEnum):
    """What became of a case, a check or a run. Only the first is good; the last four blame nobody."""

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


# ---- challenges and models -------------------------------------------------------------------


class Group(Record):
    """A group of checks. A group that does not decide is shown, and leaves the verdict alone."""

    weight: Annotated[float, Field(ge=0)]
    decides: bool = True
    says: str = ""


class Check(Record):
    """One property that an output must have. `trap` names the mistake it exists to catch."""

    group: str
    says: str
    trap: str = ""


class EntryPoint(Record):
    """A function that a kernel test calls, and the other names under which outputs define it.

    params: canonical parameter names, in order, each with accepted alternatives.
    optional: parameters that an output may lack.
    required: whether a run without this entry point counts as not bound.
    """

    names: tuple[str, ...] = ()
    params: dict[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()
    required: bool = True


class Limits(Record):
    """What one case may use; `import_seconds` is for loading the output's modules."""

    seconds: Annotated[float, Field(gt=0)] = 10
    memory_mb: Annotated[int, Field(gt=0)] = 2000
    output_mb: Annotated[int, Field(gt=0)] = 64
    import_seconds: Annotated[float, Field(gt=0)] = 10


class Challenge(Record):
    """One task. Its folder under challenges/ gives the slug, the prompt and the kernel tests."""

    slug: str
    title: str
    difficulty: Literal["Medium", "Hard", "Extra Hard", "SOTA Research"]
    runtime: Literal["numpy", "cuda", "mlx"]
    summary: str
    entry: dict[str, EntryPoint]
    groups: dict[str, Group]
    checks: dict[str, Check]
    limits: Limits = Limits()


class Provenance(StrEnum):
    """Where the files of a model folder come from."""

    ORIGINAL = "original"
    STAND_IN = "stand-in"
    UNSTATED = "unstated"


class Model(Record):
    """One language model under test; its folder gives the slug."""

    slug: str
    name: str
    provider: str = "not stated"
    family: str = ""
    provenance: Provenance = Provenance.UNSTATED
    stands_for: str = ""
    note: str = ""


class Artifact(Record):
    """One stored file of a run, by its path inside the run's folder."""

    path: str
    sha256: str
    bytes: int


class Run(Record):
    """One model's stored output for one challenge: raw, never edited. `folder` is on this machine."""

    model: str
    challenge: str
    folder: Path
    artifacts: tuple[Artifact, ...]
    problems: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`model/challenge`, as a user types it."""
        return f"{self.model}/{self.challenge}"


class Corpus(Record):
    """All that was discovered, in display order; problems are what was skipped, and why."""

    root: Path
    challenges: dict[str, Challenge]
    models: dict[str, Model]
    runs: dict[str, Run]
    problems: tuple[str, ...] = ()


# ---- binding -----------------------------------------------------------------------------------


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
    candidates: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when every required entry point was found."""
        return not self.missing


# ---- evidence ----------------------------------------------------------------------------------


class Finding(Record):
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
    extra: dict[str, Any] = {}
