"""Write a session as pi writes it: JSONL, version 3, entries linked by parentId."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class PiLog:
    """The lines of one session, in order of time."""

    lines: list[str] = field(default_factory=list)
    last: str | None = None

    def begin(self, when: datetime) -> None:
        """The header; the folder the session ran in is the run's own."""
        header = {"type": "session", "version": 3, "id": str(uuid.uuid4())}
        self.lines.append(json.dumps(header | {"timestamp": stamp(when), "cwd": "."}))

    def add(self, kind: str, when: datetime, **more: Any) -> None:
        """One entry, child of the one before."""
        identity = secrets.token_hex(4)
        entry = {"type": kind, "id": identity, "parentId": self.last, "timestamp": stamp(when)}
        self.lines.append(json.dumps(entry | more, ensure_ascii=False))
        self.last = identity

    def message(self, when: datetime, **said: Any) -> None:
        """One message."""
        self.add("message", when, message=said | {"timestamp": int(when.timestamp() * 1000)})

    def text(self) -> str:
        """The file's content."""
        return "\n".join(self.lines) + "\n"


def stamp(when: datetime) -> str:
    """An ISO time in UTC with milliseconds, as pi writes it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
