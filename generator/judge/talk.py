"""The course of one question to a judge: requests until there is an answer, or no hope of one.

What only looks like success (no choices, HTML, an unknown finish reason, blank content) is told
apart from an answer, and every attempt is recorded.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from generator.completion import choice, content, tokens, utf8
from generator.data import Attempt, Record, Status, Usage
from generator.judge.budget import cost, worst_case
from generator.judge.reply import Objection, parse, repair

if TYPE_CHECKING:
    from generator.judge.client import Client

ATTEMPTS = 4
LONGEST_WAIT = 120.0
STOPPING = {400, 401, 402, 403, 404, 422}


class JudgeStopped(Exception):
    """The judge cannot be used at all: no key, no balance, a refused request; nothing to retry."""


class Talk:
    """One question with its attempts. When `run` has returned, the fields say how it ended."""

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

    def _failed(self, error: Exception) -> float:
        """Take in an error of the library; the seconds to wait, as many as the server asks for.

        Raises JudgeStopped where no later request can succeed either.
        """
        code = getattr(error, "status_code", None)
        why = utf8(f"{type(error).__name__}: {error}".replace("\n", " ")[:300])
        self.status, self.why = Status.FAILED, why
        if code in STOPPING:
            raise JudgeStopped(f"{self.client.settings.name}: HTTP {code}: {why}") from error
        response = getattr(error, "response", None)
        asked = response.headers.get("retry-after", "") if response is not None else ""
        if asked.replace(".", "", 1).isdecimal():
            return min(float(asked), LONGEST_WAIT)
        return min(2.0 ** len(self.attempts), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311

    def _read(self, completion: Any) -> float | None:
        """Take in a completion; the seconds to wait before another request, None for no other."""
        found = choice(completion)
        self._count(getattr(completion, "usage", None))
        if found is None:
            why = "the server sent no choices (not a chat completion?)"
            return self._end(Status.FAILED, why, 1.0)
        self.returned_model = utf8(str(getattr(completion, "model", "") or ""))
        message, reason = found.message, found.finish_reason
        self.reply = content(message)
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
        """Note how a request ended; returns `wait`."""
        self.status, self.why = status, utf8(why)
        return wait

    def _count(self, usage: Any) -> None:
        """Add what the server says was used; DeepSeek and OpenAI name cached tokens differently."""
        details = getattr(usage, "prompt_tokens_details", None)
        cached = tokens(usage, "prompt_cache_hit_tokens") or tokens(details, "cached_tokens")
        self.usage = Usage(
            input=self.usage.input + tokens(usage, "prompt_tokens"),
            cached=self.usage.cached + cached,
            output=self.usage.output + tokens(usage, "completion_tokens"),
        )
