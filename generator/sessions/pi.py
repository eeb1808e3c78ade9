"""Logs of pi (pi-mono): JSONL, versions 1 to 3, one entry per line, linked by parentId.

Format: packages/coding-agent/docs/session.md of badlogic/pi-mono. Branches that were left stay in
the file; what they wrote and used was written and used, so every line counts, in file order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.sessions.entry import Entry, mapping, number, text_of

LONGEST_LINE = 16_000_000
CHUNK = 1_000_000
TYPES = {"session", "message", "model_change", "thinking_level_change"}
SUMMARIES = {"compaction", "branch_summary"}


def recognised(path: Path) -> bool:
    """Whether the first readable line is that of a pi session."""
    if path.is_dir():
        return False
    for _, content in lines(path):
        if content is not None:
            return str(content.get("type")) in TYPES
    return False


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Number and content of every line that is not blank, None where it cannot be read.

    Reads in bounded memory: a line that is too long counts as broken and is skipped.
    """
    with path.open("rb") as file:
        count = 0
        while raw := file.readline(LONGEST_LINE):
            count += 1
            whole = raw.endswith(b"\n") or len(raw) < LONGEST_LINE
            if whole and raw.strip():
                yield count, parsed(raw)
            elif not whole:
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(CHUNK)
                yield count, None


def parsed(raw: bytes) -> dict[str, Any] | None:
    """One line as a mapping, None where it is no JSON object."""
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def entries(path: Path) -> Iterator[Entry]:
    """Everything a pi log says, in order; a broken line is an entry of its own."""
    for line, content in lines(path):
        if content is None:
            yield Entry(line, "broken")
            continue
        when, kind = seconds(content.get("timestamp")), str(content.get("type"))
        if kind == "session":
            yield Entry(line, "note", when, "session starts")
        if kind in {"session", "model_change"} and content.get("modelId"):
            yield Entry(line, "model", when, model_name(content, "modelId"))
        if kind in {"session", "thinking_level_change"} and content.get("thinkingLevel"):
            yield Entry(line, "thinking", when, str(content["thinkingLevel"]))
        if kind == "message":
            yield from message(line, when, mapping(content.get("message")))
        elif kind in SUMMARIES:
            yield Entry(line, "note", when, str(kind), str(content.get("summary", "")))
        elif kind == "custom_message":
            name = str(content.get("customType", ""))
            yield Entry(line, "note", when, name, text_of(content.get("content")))
        if kind != "message" and isinstance(content.get("usage"), dict):
            yield usage(line, when, content)


def message(line: int, when: float | None, said: dict[str, Any]) -> Iterator[Entry]:
    """The entries of one message."""
    role, content = str(said.get("role")), said.get("content")
    if role == "user":
        yield Entry(line, "user", when, text=text_of(content))
    elif role == "toolResult":
        yield from tool_result(line, when, said)
    elif role == "bashExecution":
        yield Entry(line, "call", when, "bash", data={"command": said.get("command", "")})
        failed = bool(said.get("exitCode"))
        yield Entry(line, "result", when, "bash", str(said.get("output", "")), error=failed)
    elif role == "assistant":
        yield from answer(line, when, said)
    elif role in {"custom", "hookMessage"}:
        yield Entry(line, "note", when, str(said.get("customType", "")), text_of(content))


def tool_result(line: int, when: float | None, said: dict[str, Any]) -> Iterator[Entry]:
    """What a tool answered, and what a model that it asked used."""
    name, identity = str(said.get("toolName", "")), str(said.get("toolCallId", ""))
    text, failed = text_of(said.get("content")), bool(said.get("isError"))
    yield Entry(line, "result", when, name, text, error=failed, id=identity)
    if isinstance(said.get("usage"), dict):
        yield usage(line, when, said)


def answer(line: int, when: float | None, said: dict[str, Any]) -> Iterator[Entry]:
    """The entries of one answer of the model: its parts, then what it used."""
    if said.get("model"):
        yield Entry(line, "model", when, model_name(said, "model"))
    content = said.get("content")
    if isinstance(content, str):
        yield Entry(line, "assistant", when, text=content)
    for part in content if isinstance(content, list) else []:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            yield Entry(line, "assistant", when, text=str(part.get("text", "")))
        elif kind == "thinking":
            yield Entry(line, "reasoning", when, text=str(part.get("thinking", "")))
        elif kind == "toolCall":
            name, identity = str(part.get("name", "")), str(part.get("id", ""))
            yield Entry(line, "call", when, name, data=mapping(part.get("arguments")), id=identity)
    yield usage(line, when, said, "answer")


def usage(line: int, when: float | None, said: dict[str, Any], name: str = "") -> Entry:
    """Tokens and cost of one answer, and whether it ended in an error."""
    used = mapping(said.get("usage"))
    cost = used.get("cost")
    data = {
        "input": number(used.get("input")),
        "output": number(used.get("output")),
        "cache_read": number(used.get("cacheRead")),
        "cache_write": number(used.get("cacheWrite")),
        "cost": number(cost.get("total") if isinstance(cost, dict) else cost),
    }
    failed = said.get("stopReason") == "error"
    text = str(said.get("errorMessage", "")) if failed else ""
    return Entry(line, "usage", when, name, text, data, error=failed)


def model_name(content: dict[str, Any], key: str) -> str:
    """`provider/model`, or the model alone where no provider is logged."""
    provider = content.get("provider")
    return f"{provider}/{content[key]}" if provider else str(content[key])


def seconds(stamp: Any) -> float | None:
    """An ISO time or a number of milliseconds as seconds since 1970."""
    if not isinstance(stamp, str):
        return number(stamp) / 1000 or None
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
