"""One question to a judge over chat.completions, with its retries, and how it ended.

The library's own retries are off: every attempt is recorded, Retry-After is honoured, and what only
looks like success (no choices, HTML, an unknown finish reason, blank content) is told apart.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from generator.data import Attempt, Exchange, JudgeSettings, Record, Status, Usage
from generator.judge.budget import Budget, cost, worst_case
from generator.yamlfile import first_error

R = TypeVar("R", bound=Record)
ATTEMPTS = 4
LONGEST_WAIT = 120.0
STOPPING = {400, 401, 402, 403, 404, 422}


Objection = Callable[[Record], str]


def nothing(_: Record) -> str:
    """No objection to a reply."""
    return ""


class JudgeStopped(Exception):
    """The judge cannot be used at all: no key, no balance, a refused request; nothing to retry."""


@dataclass
class Client:
    """A judge that can be asked. `sleep` is replaced in tests."""

    settings: JudgeSettings
    budget: Budget = field(default_factory=Budget)
    sleep: Callable[[float], None] = time.sleep
    _library: Any = None

    def ask(
        self,
        key: str,
        messages: list[dict[str, str]],
        kind: type[R],
        object_to: Objection = nothing,
    ) -> Exchange:
        """Ask once, with retries and one request for repair; never raises for a bad reply.

        object_to: what is to be mended in a reply that has the right form, empty for nothing; a
        reply that was sent back once is taken as it is.

        Raises JudgeStopped when no request can succeed, OverBudget before money would run out.
        """
        talk = _Talk(self, messages, kind, object_to)
        talk.run()
        return Exchange(
            key=key,
            judge=self.settings.name,
            base_url=self.settings.base_url,
            requested_model=self.settings.model,
            returned_model=talk.returned_model,
            parameters=parameters(self.settings, kind),
            messages=tuple(messages),
            reply=talk.reply,
            status=talk.status,
            why=talk.why,
            attempts=tuple(talk.attempts),
            usage=talk.usage,
            cost=round(cost(self.settings.prices, talk.usage), 6),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def create(self, messages: list[dict[str, str]], kind: type[Record]) -> Any:
        """One HTTP request through the openai library."""
        if self._library is None:
            self._library = self._open()
        return self._library.chat.completions.create(
            model=self.settings.model, messages=messages, **parameters(self.settings, kind)
        )

    def _open(self) -> Any:
        from openai import OpenAI

        key = (
            os.environ.get(self.settings.key_variable, "") if self.settings.key_variable else "none"
        )
        if not key:
            raise JudgeStopped(f"no key: set {self.settings.key_variable} for {self.settings.name}")
        return OpenAI(
            api_key=key,
            base_url=self.settings.base_url,
            max_retries=0,
            timeout=self.settings.timeout_seconds,
        )


def parameters(settings: JudgeSettings, kind: type[Record]) -> dict[str, Any]:
    """The request's parameters, as they are sent and as they are recorded."""
    made: dict[str, Any] = {settings.limit_field: settings.max_tokens}
    if settings.effort:
        made["reasoning_effort"] = settings.effort
    if settings.extra_body:
        made["extra_body"] = settings.extra_body
    if settings.structured == "json_schema":
        schema = {"name": kind.__name__, "schema": kind.model_json_schema()}
        made["response_format"] = {"type": "json_schema", "json_schema": schema}
    else:
        made["response_format"] = {"type": "json_object"}
    return made


def parse(text: str, kind: type[R]) -> R:
    """The reply as a record, a code fence around it forgiven; raises ValueError, in one line."""
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    try:
        return kind.model_validate_json(bare)
    except ValidationError as error:
        raise ValueError(first_error(error)) from error


class _Talk:
    """The course of one question: attempts until there is an answer or no hope of one."""

    def __init__(
        self,
        client: Client,
        messages: list[dict[str, str]],
        kind: type[Record],
        object_to: Objection,
    ):
        self.client, self.messages, self.kind = client, list(messages), kind
        self.object_to, self.repaired = object_to, False
        self.attempts: list[Attempt] = []
        self.usage = Usage()
        self.reply = self.why = self.returned_model = ""
        self.status = Status.FAILED

    def run(self) -> None:
        """Ask; a reply that does not validate is sent back once, with what is wrong with it."""
        while len(self.attempts) < ATTEMPTS:
            wait = self._once()
            if self.status is Status.UNPARSABLE and not self.repaired:
                self.repaired = True
                self.messages += repair(self.reply, self.why)
            elif wait is None:
                return
            elif len(self.attempts) < ATTEMPTS:
                self.client.sleep(wait)

    def _once(self) -> float | None:
        """One request; the seconds to wait before the next one, or None if this was the last."""
        settings, started = self.client.settings, time.monotonic()
        worst = worst_case(settings.prices, self.messages, settings.max_tokens)
        self.client.budget.hold(worst)
        before = self.usage
        try:
            wait = self._read(self.client.create(self.messages, self.kind))
        except JudgeStopped:
            raise
        except Exception as error:  # noqa: BLE001 - the library raises many kinds, all failures here
            wait = self._failed(error)
        finally:
            paid = cost(settings.prices, self.usage) - cost(settings.prices, before)
            self.client.budget.settle(worst, paid)
        outcome = f"{self.status}: {self.why}" if self.why else str(self.status)
        seconds = round(time.monotonic() - started, 3)
        self.attempts.append(Attempt(outcome=outcome[:300], seconds=seconds))
        return wait

    def _failed(self, error: Exception) -> float | None:
        """An error of the library: stop for good, or wait as long as the server asks."""
        code = getattr(error, "status_code", None)
        self.status, self.why = (
            Status.FAILED,
            f"{type(error).__name__}: {error}".replace("\n", " ")[:300],
        )
        if code in STOPPING:
            raise JudgeStopped(f"{self.client.settings.name}: HTTP {code}: {self.why}") from error
        response = getattr(error, "response", None)
        asked = response.headers.get("retry-after", "") if response is not None else ""
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), LONGEST_WAIT)
        return min(2.0 ** len(self.attempts), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311

    def _read(self, completion: Any) -> float | None:
        """What a completed request holds; None, as asking again at once would change nothing."""
        choices = getattr(completion, "choices", None)
        self._count(getattr(completion, "usage", None))
        if not choices:
            return self._end(
                Status.FAILED, "the server sent no choices (not a chat completion?)", 1.0
            )
        self.returned_model = str(getattr(completion, "model", "") or "")
        message, reason = choices[0].message, choices[0].finish_reason
        self.reply = message.content or ""
        if getattr(message, "refusal", None) or reason == "content_filter":
            return self._end(Status.REFUSED, str(getattr(message, "refusal", "") or reason))
        if reason == "length":
            return self._end(Status.TRUNCATED, "the output allowance ran out")
        if not self.reply.strip():
            return self._end(Status.EMPTY, f"no content (finish reason {reason})", 1.0)
        if reason not in {"stop", "tool_calls"}:
            return self._end(Status.FAILED, f"unknown finish reason {reason!r}", 1.0)
        try:
            why = self.object_to(parse(self.reply, self.kind))
        except ValueError as error:
            return self._end(Status.UNPARSABLE, str(error))
        if why and not self.repaired:
            return self._end(Status.UNPARSABLE, why)
        return self._end(Status.OK, "")

    def _end(self, status: Status, why: str, wait: float | None = None) -> float | None:
        self.status, self.why = status, why
        return wait

    def _count(self, usage: Any) -> None:
        """Add what the server says was used; DeepSeek and OpenAI name cached tokens differently."""
        if usage is None:
            return
        details = getattr(usage, "prompt_tokens_details", None)
        cached = getattr(usage, "prompt_cache_hit_tokens", None) or getattr(
            details, "cached_tokens", 0
        )
        self.usage = Usage(
            input=self.usage.input + (getattr(usage, "prompt_tokens", 0) or 0),
            cached=self.usage.cached + (cached or 0),
            output=self.usage.output + (getattr(usage, "completion_tokens", 0) or 0),
        )


def repair(reply: str, why: str) -> list[dict[str, str]]:
    """The two messages that ask once for the same answer in the required form."""
    request = f"That reply is not valid: {why}. Send the same judgement again as valid JSON alone."
    return [{"role": "assistant", "content": reply[:20_000]}, {"role": "user", "content": request}]
