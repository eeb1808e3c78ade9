"""Logs of opencode: the JSON that `opencode export` prints, or its storage folder.

An export is {info, messages: [{info, parts: [...]}]}; the storage keeps the same pieces one file
each, under session/, message/<session>/ and part/<message>/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.sessions.entry import Entry, number

Json = dict[str, Any]


def recognised(path: Path) -> bool:
    """Whether a path is an export or a storage folder of opencode."""
    if path.is_dir():
        return (path / "message").is_dir() and (path / "part").is_dir()
    loaded = load(path)
    return isinstance(loaded, dict) and isinstance(loaded.get("messages"), list)


def load(path: Path) -> Any:
    """A JSON file, None where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def entries(path: Path) -> Iterator[Entry]:
    """Everything a log says, in order; what cannot be read is an entry of its own."""
    for position, (info, parts) in enumerate(messages(path), 1):
        if info is None:
            yield Entry(position, "broken")
            continue
        yield from message(position, info, parts)


def messages(path: Path) -> Iterator[tuple[Json | None, list[Json]]]:
    """Every message with its parts."""
    if path.is_dir():
        yield from stored(path)
        return
    loaded = load(path)
    for item in loaded["messages"] if isinstance(loaded, dict) else []:
        usable = isinstance(item, dict) and isinstance(item.get("info"), dict)
        parts = item.get("parts") if usable else []
        yield (item["info"] if usable else None), mappings(parts)


def stored(folder: Path) -> Iterator[tuple[Json | None, list[Json]]]:
    """Messages of a storage folder; ids sort in order of time."""
    for file in sorted(folder.glob("message/*/*.json")):
        info = load(file)
        usable = isinstance(info, dict)
        identity = str(info.get("id", file.stem)) if usable else file.stem
        parts = [load(part) for part in sorted((folder / "part" / identity).glob("*.json"))]
        yield (info if usable else None), mappings(parts)


def mappings(parts: Any) -> list[Json]:
    """The usable ones of some parts."""
    return [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []


def message(line: int, info: Json, parts: list[Json]) -> Iterator[Entry]:
    """The entries of one message."""
    when = moment(info.get("time"), "created")
    if info.get("role") == "user":
        text = "\n".join(str(p.get("text", "")) for p in parts if p.get("type") == "text")
        yield Entry(line, "user", when, text=text)
        return
    if info.get("modelID"):
        yield Entry(line, "model", when, f"{info.get('providerID', '')}/{info['modelID']}")
    for part in parts:
        yield from one_part(line, when, part)
    tokens = info.get("tokens") if isinstance(info.get("tokens"), dict) else {}
    assert isinstance(tokens, dict)
    cache = tokens.get("cache") if isinstance(tokens.get("cache"), dict) else {}
    assert isinstance(cache, dict)
    data = {
        "input": number(tokens.get("input")),
        "output": number(tokens.get("output")) + number(tokens.get("reasoning")),
        "cache_read": number(cache.get("read")),
        "cache_write": number(cache.get("write")),
        "cost": number(info.get("cost")),
    }
    ended = moment(info.get("time"), "completed") or when
    yield Entry(line, "usage", ended, data=data, error=bool(info.get("error")))


def one_part(line: int, when: float | None, part: Json) -> Iterator[Entry]:
    """The entries of one part of an answer."""
    kind = part.get("type")
    if kind == "text":
        yield Entry(line, "assistant", when, text=str(part.get("text", "")))
    elif kind == "reasoning":
        yield Entry(line, "reasoning", when, text=str(part.get("text", "")))
    elif kind == "tool":
        state = part.get("state") if isinstance(part.get("state"), dict) else {}
        assert isinstance(state, dict)
        given = state.get("input")
        name = str(part.get("tool", ""))
        yield Entry(line, "call", when, name, data=given if isinstance(given, dict) else {})
        failed = state.get("status") == "error"
        text = str(state.get("error" if failed else "output", ""))
        yield Entry(
            line, "result", moment(state.get("time"), "end") or when, name, text, error=failed
        )


def moment(times: Any, name: str) -> float | None:
    """A time of a message in seconds since 1970; opencode logs milliseconds."""
    value = times.get(name) if isinstance(times, dict) else None
    return value / 1000 if isinstance(value, (int, float)) else None
