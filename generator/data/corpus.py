"""Challenges, models and runs: what discovery finds on disk."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from generator.data.base import Record


class Group(Record):
    """A group of checks. A group that does not decide is shown, and leaves the verdict alone."""

    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    decides: bool = True
    says: str = ""


class Check(Record):
    """One property that an output must have. `trap` names the mistake it exists to catch.

    may_lack: what an interface may be without, so that this cannot be asked of it. Where it is
    empty, every interface can be asked: an output that answers other calls of the same kind (see
    generator/credible.py) is not believed when this check is said to be untestable.
    """

    group: str
    says: str
    trap: str = ""
    may_lack: str = ""


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

    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10
    memory_mb: Annotated[int, Field(gt=0)] = 2000
    output_mb: Annotated[int, Field(gt=0)] = 64
    import_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10


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

    def decides(self, check: str) -> bool:
        """Whether a check counts for the verdict; False for one that is not there (any more)."""
        return check in self.checks and self.groups[self.checks[check].group].decides


class Provenance(StrEnum):
    """Where the files of a model folder come from."""

    ORIGINAL = "original"
    STAND_IN = "stand-in"
    UNSTATED = "unstated"


class Model(Record):
    """One language model under test; its folder gives the slug.

    succeeds: the folder of the model that it follows, where both are here.
    """

    slug: str
    name: str
    provider: str = "not stated"
    family: str = ""
    succeeds: str = ""
    provenance: Provenance = Provenance.UNSTATED
    stands_for: str = ""
    note: str = ""

    @field_validator("succeeds")
    @classmethod
    def _another(cls, succeeds: str, info: ValidationInfo) -> str:
        if succeeds and succeeds == info.data.get("slug"):
            raise ValueError("a model does not succeed itself")
        return succeeds


class Artifact(Record):
    """One stored file of a run, by its path inside the run's folder."""

    path: str
    sha256: str
    bytes: int


class Run(Record):
    """One model's stored output for one challenge: raw, never edited."""

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
    """All that was discovered, in display order; problems are what was skipped, and why.

    withheld: what is left out because a name in it holds a secret: `model` or `model/challenge`,
    without the secret, and what to rename.
    """

    root: Path
    challenges: dict[str, Challenge]
    models: dict[str, Model]
    runs: dict[str, Run]
    problems: tuple[str, ...] = ()
    withheld: dict[str, str] = {}
