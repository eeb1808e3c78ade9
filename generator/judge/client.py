"""One question to a judge over chat.completions, and the record of what came of it.

The library's own retries are off: talk.py makes them, so that each is recorded and Retry-After is
kept to.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from generator.data import Exchange, JudgeSettings, Record
from generator.judge.budget import Budget, cost
from generator.judge.reply import Objection, no_objection
from generator.judge.talk import JudgeStopped, Talk


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
        kind: type[Record],
        object_to: Objection = no_objection,
    ) -> Exchange:
        """Ask once, with retries and one request for repair; never raises for a bad reply.

        key: the digest of the question, kept with the answer. kind: the form of the reply.
        object_to: finds what is to be mended in a reply of the right form. A reply that was sent
        back once is taken as it is.

        Raises JudgeStopped when no request can succeed, OverBudget before money would run out.
        """
        talk = Talk(self, messages, kind, object_to)
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
        """The library's client; raises JudgeStopped where the judge's key is not set."""
        from openai import OpenAI

        variable = self.settings.key_variable
        key = os.environ.get(variable, "") if variable else "none"
        if not key:
            raise JudgeStopped(
                f"no key: set {variable} for {self.settings.name}; "
                "a server that asks for none: --judge local --base-url ADDRESS"
            )
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
