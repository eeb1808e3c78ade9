"""What was asked of a language model as judge, and what it answered: the whole exchange, kept."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from generator.data.base import Record


class Status(StrEnum):
    """How an exchange ended. Only `ok` is an opinion; the others are tried again next time."""

    OK = "ok"
    UNPARSABLE = "unparsable"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    FAILED = "failed"


Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(Record):
    """US dollars per million tokens."""

    input: Dollars
    cached: Dollars
    output: Dollars


class JudgeSettings(Record):
    """One judge of judges.yaml.

    structured: how the server is asked for JSON. limit_field: what it calls the output allowance.
    context_tokens: what fits into one request, the answer included.
    """

    name: str
    base_url: str
    model: str
    family: str = ""
    key_variable: str = ""
    structured: Literal["json_schema", "json_object"]
    effort: str = ""
    extra_body: dict[str, Any] = {}
    max_tokens: Annotated[int, Field(gt=0)]
    context_tokens: Annotated[int, Field(gt=0)] = 128_000
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    concurrency: Annotated[int, Field(gt=0)] = 1
    timeout_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600
    prices: Prices


class Usage(Record):
    """Tokens of one exchange, all attempts together."""

    input: int = 0
    cached: int = 0
    output: int = 0


class Attempt(Record):
    """One HTTP request: what came of it."""

    outcome: str
    seconds: float


class Exchange(Record):
    """One question with its answer. `key` is a digest of all that the question was made from."""

    schema_version: Literal[1] = 1
    key: str
    judge: str
    base_url: str
    requested_model: str
    returned_model: str = ""
    parameters: dict[str, Any]
    messages: tuple[dict[str, str], ...]
    reply: str = ""
    status: Status
    why: str = ""
    attempts: tuple[Attempt, ...] = ()
    usage: Usage = Usage()
    cost: float = 0
    parser: int = 1
    made_at: str


class JudgedRun(Record):
    """Everything one judge was asked about one run.

    exchanges: by part, `repeat-0` and on with the evidence, `blind-0` and on without it.
    seen: a digest of the files and the evidence that were shown.
    """

    judge: str
    model: str
    challenge: str
    exchanges: dict[str, Exchange] = {}
    seen: str = ""
    injections: tuple[str, ...] = ()
    redacted: int = 0

    @property
    def key(self) -> str:
        """`model/challenge`, as Run.key has it."""
        return f"{self.model}/{self.challenge}"

    def arm(self, name: Literal["repeat", "blind"]) -> tuple[Exchange, ...]:
        """The exchanges of one arm, in order."""
        return tuple(
            self.exchanges[part] for part in sorted(self.exchanges) if part.startswith(name)
        )


class JudgedDuel(Record):
    """One judge's comparison of two runs; exchanges: `forward` (a shown first) and `backward`."""

    judge: str
    challenge: str
    a: str
    b: str
    exchanges: dict[str, Exchange] = {}


class JudgedText(Record):
    """One judge's analysis of a challenge or profile of a model; exchanges: `text`.

    contestants: the runs that it is about (`model/challenge`), by the names it was shown.
    basis: a digest of what its words rest on; its numbers are filled in and need none.
    """

    judge: str
    kind: Literal["analysis", "profile"]
    subject: str
    contestants: dict[str, str] = {}
    basis: str = ""
    exchanges: dict[str, Exchange] = {}
