"""Facts that others published or measured, imported as data. Stand-ins never answer for them.

The files they come from are published with the site. A few of their fields are kept for readers of
those files, and nothing is computed from them: executed_the_code, harness, gradient_is_identity and
also_logged.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from generator.data.base import Record
from generator.data.opinion import Letter


class PublishedGrades(Record):
    """What a judge published elsewhere: letters by challenge and model, and its own ranking."""

    judge: str
    date: str
    source: str
    executed_the_code: bool
    matrix: dict[str, dict[str, Letter]]
    ranking: tuple[dict[str, str | int], ...] = ()

    @field_validator("ranking")
    @classmethod
    def _named(cls, ranking: tuple[dict[str, str | int], ...]) -> tuple[dict[str, str | int], ...]:
        if not all({"rank", "model"} <= row.keys() for row in ranking):
            raise ValueError("each row needs `rank` and `model`")
        return ranking


class PublishedDuel(Record):
    """A published head-to-head on one challenge; no winner is a tie or a split."""

    winner: str | None
    margin: Literal["tie", "narrow", "moderate", "decisive", "not stated"]


class PublishedPair(Record):
    """All published duels of two models, and the record as it was printed."""

    a: str
    b: str
    record: str
    challenges: dict[str, PublishedDuel]


class PublishedDuels(Record):
    """Published head-to-heads."""

    judge: str
    date: str
    pairs: tuple[PublishedPair, ...]


class Score(Record):
    """One published score of an earlier round, 0 to 100."""

    round: int
    model: str
    challenge: str
    score: int

    @property
    def key(self) -> str:
        """`model/challenge`, as Run.key has it."""
        return f"{self.model}/{self.challenge}"


class PublishedScores(Record):
    """Scores of an earlier judge."""

    judge: str
    date: str
    scale: str
    executed_the_code: bool
    note: str = ""
    scores: tuple[Score, ...]


class Rerun(Record):
    """A published training result; `logged` is the perplexity that a stored log holds."""

    steps: int
    train_loss: float
    val_ppl: float
    in_stored_logs: bool
    logged: float | None = None


class RunFacts(Record):
    """What is known of the original runs besides their files."""

    session_logs: tuple[str, ...]
    harness: dict[str, str]
    ternary_rerun: dict[str, Rerun]


class MeasuredRun(Record):
    """Figures measured on one original output, kept by the digest of its file."""

    file: str
    sha256: str
    checks_passed: int | None = None
    checks_failed: int | None = None
    failed: tuple[str, ...] = ()
    compiles_as_stored: bool | None = None
    projection_exact: bool | None = None
    gradient_is_identity: bool | None = None
    note: str = ""

    @property
    def right(self) -> bool | None:
        """Whether the original did what its prompt asks; None where that was not measured."""
        if self.compiles_as_stored is not None:
            return self.compiles_as_stored
        if self.checks_failed is not None:
            return self.checks_failed == 0
        return self.projection_exact


class OwnTests(Record):
    """The models' own test scripts: how many there are, how many exit with 0, which never end."""

    scripts: int = 0
    exit_zero: int = 0
    did_not_end: tuple[str, ...] = ()


class StoredPrompts(Record):
    """Prompts kept with the original runs: how some differ from the rest, and which are absent."""

    differs: dict[str, str] = {}
    not_stored: tuple[str, ...] = ()


class LoggedProvider(Record):
    """A provider that a session log names, other than the declared one."""

    run: str
    declared_provider: str
    logged_provider: str
    also_logged: str = ""


class Measured(Record):
    """All figures measured on the originals, with how and when."""

    what: str
    how: str
    date: str
    runs: dict[str, MeasuredRun]
    own_tests: OwnTests
    identical_files: tuple[tuple[str, ...], ...]
    prompts: StoredPrompts
    logged: tuple[LoggedProvider, ...]
    thinking: dict[str, str]


class Claim(Record):
    """One published sentence as data: where it stands, what it asserts, and how it is checked.

    says: our paraphrase. check: a function of generator/claims/, called with `args`.
    concerns: models and challenges, by slug, whose pages link to it.
    """

    id: str
    source: str
    says: str
    check: str
    args: dict[str, Any] = {}
    concerns: tuple[str, ...] = ()


class Outcome(Record):
    """What became of a claim, with the numbers that decide it."""

    claim: Claim
    outcome: Literal["supported", "contradicted", "unverifiable"]
    because: str


class Published(Record):
    """Everything imported; any part may be absent.

    names: what models and challenges are called on pages, by slug, for sentences about them.
    """

    grades: PublishedGrades | None = None
    duels: PublishedDuels | None = None
    scores: PublishedScores | None = None
    runs: RunFacts | None = None
    measured: Measured | None = None
    claims: tuple[Claim, ...] = ()
    names: dict[str, str] = {}
