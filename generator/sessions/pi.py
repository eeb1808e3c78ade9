"""Logs of pi (pi-mono): JSONL, version 3 and before, one entry a line, linked by parentId."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.sessions.entry import Entry, number, text_of

LONGEST_LINE = 32_000_000


def recognised(path: Path) -> bool:
    """Whether the first readable line is that of a pi session."""
    for _, parsed in lines(path):
        if parsed is not None:
            return parsed.get("type") in {"session", "message", "model_change"}
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
            while not raw.endswith(b"\n") and len(raw) == LONGEST_LINE:
                raw = file.readline(LONGEST_LINE)
            if raw.strip():
                yield count, parsed(raw) if whole else None


def parsed(raw: bytes) -> dict[str, Any] | None:
    """One line as a mapping, None where it is no JSON object."""
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def entries(path: Path) -> Iterator[Entry]:
    """Everything a pi log says, in order; a broken line is an entry of its own."""
    for line, content in lines(path):
        if content is None:
            yield Entry(line, "broken")
            continue
        when = seconds(content.get("timestamp"))
        kind = content.get("type")
        if kind in {"session", "model_change"} and content.get("modelId"):
            yield Entry(line, "model", when, model_name(content, "modelId"))
        if kind in {"session", "thinking_level_change"} and content.get("thinkingLevel"):
            yield Entry(line, "thinking", when, str(content["thinkingLevel"]))
        if kind == "message" and isinstance(content.get("message"), dict):
            yield from message(line, when, content["message"])


def message(line: int, when: float | None, said: dict[str, Any]) -> Iterator[Entry]:
    """The entries of one message."""
    role, content = said.get("role"), said.get("content")
    if role == "user":
        yield Entry(line, "user", when, text=text_of(content))
    elif role == "toolResult":
        failed = bool(said.get("isError"))
        name = str(said.get("toolName", ""))
        yield Entry(line, "result", when, name, text_of(content), error=failed)
    elif role == "bashExecution":
        yield Entry(line, "call", when, "bash", data={"command": said.get("command", "")})
        failed = bool(said.get("exitCode"))
        yield Entry(line, "result", when, "bash", str(said.get("output", "")), error=failed)
    elif role == "assistant":
        yield from answer(line, when, said)


def answer(line: int, when: float | None, said: dict[str, Any]) -> Iterator[Entry]:
    """The entries of one answer of the model: its parts, then what it used."""
    if said.get("model"):
        yield Entry(line, "model", when, model_name(said, "model"))
    content = said.get("content")
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            continue
        if part.get("type") == "text":
            yield Entry(line, "assistant", when, text=str(part.get("text", "")))
        elif part.get("type") == "thinking":
            yield Entry(line, "reasoning", when, text=str(part.get("thinking", "")))
        elif part.get("type") == "toolCall":
            given = part.get("arguments")
            data = given if isinstance(given, dict) else {}
            yield Entry(line, "call", when, str(part.get("name", "")), data=data)
    yield usage(line, when, said)


def usage(line: int, when: float | None, said: dict[str, Any]) -> Entry:
    """Tokens and cost of one answer, and whether it ended in an error."""
    used = said.get("usage") if isinstance(said.get("usage"), dict) else {}
    assert isinstance(used, dict)
    cost = used.get("cost")
    data = {
        "input": number(used.get("input")),
        "output": number(used.get("output")),
        "cache_read": number(used.get("cacheRead")),
        "cache_write": number(used.get("cacheWrite")),
        "cost": number(cost.get("total") if isinstance(cost, dict) else cost),
    }
    return Entry(line, "usage", when, data=data, error=said.get("stopReason") == "error")


def model_name(content: dict[str, Any], key: str) -> str:
    """`provider/model`, or the model alone where no provider is logged."""
    provider = content.get("provider")
    return f"{provider}/{content[key]}" if provider else str(content[key])


def seconds(stamp: Any) -> float | None:
    """An ISO time or a number of milliseconds as seconds since 1970."""
    if isinstance(stamp, (int, float)):
        return float(stamp) / 1000
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None
