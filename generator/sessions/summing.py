"""A stream of entries -> the summary of a session, in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from generator.data import Session, Tokens
from generator.sessions.entry import Entry

MOST_BROKEN = 1000


@dataclass
class Sums:
    """What is known of a session so far."""

    models: dict[str, None] = field(default_factory=dict)
    thinking: dict[str, None] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    broken: list[int] = field(default_factory=list)
    first: float | None = None
    last: float | None = None
    entries: int = 0
    errors: int = 0
    turns: int = 0

    def add(self, entry: Entry) -> None:
        """Take one more entry into account."""
        self.entries += 1
        self.errors += entry.error
        if entry.when is not None:
            self.first = entry.when if self.first is None else min(self.first, entry.when)
            self.last = entry.when if self.last is None else max(self.last, entry.when)
        if entry.kind == "broken" and len(self.broken) < MOST_BROKEN:
            self.broken.append(entry.line)
        elif entry.kind == "model":
            self.models[entry.name] = None
        elif entry.kind == "thinking":
            self.thinking[entry.name] = None
        elif entry.kind == "call":
            self.calls[entry.name] += 1
        elif entry.kind == "usage":
            self.turns += entry.name == "answer"
            self.totals.update(entry.data)

    def session(self, **known: Any) -> Session:
        """The summary; `known` is the file and the format."""
        lasted = None if self.first is None or self.last is None else self.last - self.first
        return Session(
            models=tuple(self.models),
            thinking=tuple(self.thinking),
            turns=self.turns,
            calls=dict(sorted(self.calls.items())),
            errors=self.errors,
            tokens=Tokens(**{name: int(self.totals[name]) for name in Tokens.model_fields}),
            cost=round(float(self.totals["cost"]), 6),
            started=iso(self.first) if self.first is not None else "",
            seconds=None if lasted is None else round(lasted, 1),
            entries=self.entries,
            broken=tuple(self.broken),
            **known,
        )


def summed(stream: Iterable[Entry], file: str, form: str) -> Session:
    """Sum up a stream of entries."""
    sums = Sums()
    for entry in stream:
        sums.add(entry)
    return sums.session(file=file, format=form)


def iso(when: float) -> str:
    """Seconds since 1970 as an ISO time in UTC; empty for what is no date."""
    try:
        return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
