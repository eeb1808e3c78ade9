"""Logs of opencode: the JSON that `opencode export` prints, or its storage folder.

An export is {info, messages: [{info, parts: [...]}]}; the storage keeps the same pieces one file
each, under session/, message/<session>/ and part/<message>/. A tool part holds call and result.
"""

from __future__ import annotations

import glob
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.sessions import spans
from generator.sessions.entry import Entry, mapping, number

Json = dict[str, Any]
ENDED = {"completed", "error"}


def recognised(path: Path) -> bool:
    """Whether a path is an export or a storage folder of opencode."""
    if path.is_dir():
        return (path / "message").is_dir()
    return spans.has(path, "info") and any(True for _ in spans.elements(path, "messages"))


def load(data: bytes) -> Any:
    """A JSON document, None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def entries(path: Path) -> Iterator[Entry]:
    """Everything a log says, in order; what cannot be read is an entry of its own."""
    for position, (info, parts) in enumerate(messages(path), 1):
        if info is None:
            yield Entry(position, "broken")
            continue
        yield from message(position, info, parts)


def messages(path: Path) -> Iterator[tuple[Json | None, list[Json]]]:
    """Every message with its parts; no message where it cannot be read."""
    if path.is_dir():
        yield from stored(path)
        return
    for raw in spans.elements(path, "messages"):
        item = mapping(load(raw))
        info = item.get("info")
        yield (info if isinstance(info, dict) else None), mappings(item.get("parts"))


def stored(folder: Path) -> Iterator[tuple[Json | None, list[Json]]]:
    """Messages of a storage folder; ids sort in order of time."""
    for file in plain(folder, "message/*/*.json"):
        info = load(file.read_bytes())
        identity = str(mapping(info).get("id", file.stem))
        parts = plain(folder, f"part/{glob.escape(identity.replace('/', '_'))}/*.json")
        usable = info if isinstance(info, dict) else None
        yield usable, mappings([load(part.read_bytes()) for part in parts])


def plain(folder: Path, pattern: str) -> list[Path]:
    """The files that match, sorted, without any that a link leads to from elsewhere."""
    inside = folder.resolve()
    found = [file for file in folder.glob(pattern) if file.is_file()]
    return sorted(file for file in found if file.resolve().is_relative_to(inside))


def mappings(parts: Any) -> list[Json]:
    """The usable ones of some parts."""
    return [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []


def message(line: int, info: Json, parts: list[Json]) -> Iterator[Entry]:
    """The entries of one message."""
    when = moment(info.get("time"), "created")
    chosen = mapping(info.get("model"))
    variant = info.get("variant") or chosen.get("variant")
    if variant:
        yield Entry(line, "thinking", when, str(variant))
    if info.get("role") == "user":
        text = "\n".join(str(p.get("text", "")) for p in parts if p.get("type") == "text")
        yield Entry(line, "user", when, text=text)
        return
    named = info if info.get("modelID") else chosen
    if named.get("modelID"):
        yield Entry(line, "model", when, f"{named.get('providerID', '')}/{named['modelID']}")
    for part in parts:
        yield from one_part(line, when, part)
    ended = moment(info.get("time"), "completed") or when
    failed = info.get("error")
    data = used(info, parts)
    yield Entry(line, "usage", ended, "answer", str(failed or ""), data, error=bool(failed))


def used(info: Json, parts: list[Json]) -> dict[str, float]:
    """Tokens of one answer: the sum over its steps, or what the message says where none is kept."""
    steps = [p for p in parts if p.get("type") == "step-finish" and "tokens" in p] or [info]
    total: Counter[str] = Counter()
    for step in steps:
        tokens = mapping(step.get("tokens"))
        cache = mapping(tokens.get("cache"))
        total["input"] += int(number(tokens.get("input")))
        total["output"] += int(number(tokens.get("output")) + number(tokens.get("reasoning")))
        total["cache_read"] += int(number(cache.get("read")))
        total["cache_write"] += int(number(cache.get("write")))
    cost = info.get("cost") or sum(number(step.get("cost")) for step in steps)
    return {**total, "cost": number(cost)}


def one_part(line: int, when: float | None, part: Json) -> Iterator[Entry]:
    """The entries of one part of an answer; a call that never ended has no result."""
    kind = part.get("type")
    if kind == "text":
        yield Entry(line, "assistant", when, text=str(part.get("text", "")))
    elif kind == "reasoning":
        yield Entry(line, "reasoning", when, text=str(part.get("text", "")))
    elif kind == "tool":
        state = mapping(part.get("state"))
        name, identity = str(part.get("tool", "")), str(part.get("callID") or part.get("id", ""))
        began = moment(state.get("time"), "start") or when
        yield Entry(line, "call", began, name, data=mapping(state.get("input")), id=identity)
        if str(state.get("status")) in ENDED:
            failed = state["status"] == "error"
            text = str(state.get("error" if failed else "output", ""))
            ended = moment(state.get("time"), "end") or began
            yield Entry(line, "result", ended, name, text, error=failed, id=identity)


def moment(times: Any, name: str) -> float | None:
    """A time of a message in seconds since 1970; opencode logs milliseconds."""
    value = mapping(times).get(name)
    return number(value) / 1000 if number(value) else None
