"""The one shape into which every log format is read: a stream of entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "user",
    "assistant",
    "reasoning",
    "call",
    "result",
    "model",
    "thinking",
    "usage",
    "note",
    "broken",
]


LARGEST = 1e15  # milliseconds reach it in the year 33658


@dataclass(frozen=True)
class Entry:
    """One thing that a log says. line: its line or position. when: seconds since 1970, or None.

    call: `name` is the tool, `data` its arguments. result: `error` if it failed; it answers the
    call of the same `id`, or, where no ids are logged, the oldest open call. model: `name` is
    `provider/model`. thinking: `name` is the level. usage: `data` holds token counts and the cost;
    `name` is `answer` where it belongs to a turn of the model. note: what the program added.
    """

    line: int
    kind: Kind
    when: float | None = None
    name: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    error: bool = False
    id: str = ""


def number(value: Any) -> float:
    """A logged number, 0 for anything that is none, or too large to count with."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if usable and abs(value) < LARGEST else 0.0


def mapping(value: Any) -> dict[str, Any]:
    """A logged mapping, an empty one for anything that is none."""
    return value if isinstance(value, dict) else {}


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(p.get("text", "")) for p in parts if isinstance(p, dict) and "text" in p)
