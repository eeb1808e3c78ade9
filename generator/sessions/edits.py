"""What a file holds after one write or edit call of a log.

Edits follow pi's tool (packages/coding-agent/src/core/tools/edit.ts): text is matched with line
feeds, the file keeps its own line ends, and several edits of one call are matched against the text
before it. pi also tries a match that forgives quotes and spaces; here that is not replayable.
"""

from __future__ import annotations

import json
from typing import Any

from generator.sessions.entry import Entry

WRITES = {"write", "create", "write_file"}
EDITS = {"edit", "edit_file", "str_replace", "multiedit"}
OLD = ("oldText", "oldString", "old_string", "old_str")
NEW = ("newText", "newString", "new_string", "new_str")
ALL = ("replaceAll", "replace_all")
# A log can double a text with every line of its own; what goes beyond these is not replayed.
MOST_PLACES = 10_000  # of one edit
LONGEST_EDITED = 1_000_000  # characters of the text after it


def applied(call: Entry, text: str | None) -> str | None:
    """The file after one call; None where an edit does not fit what is known of the file."""
    if call.name.lower() in WRITES:
        content = call.data.get("content", call.data.get("file_text"))
        return content if isinstance(content, str) else None
    edits = call.data.get("edits")
    if isinstance(edits, str):
        edits = parsed(edits)
    if not isinstance(edits, list):
        return edited(text, [call.data])
    if call.name.lower() != "multiedit":
        return edited(text, edits)
    for edit in edits:
        text = edited(text, [edit])
    return text


def parsed(edits: str) -> Any:
    """Edits that a model sent as a string."""
    try:
        return json.loads(edits)
    except (ValueError, RecursionError):
        return []


def edited(text: str | None, edits: list[Any]) -> str | None:
    """The text after replacements that were all found in it before; None where one does not fit."""
    if text is None:
        return None
    crlf = "\r\n" in text and text.index("\n") == text.index("\r\n") + 1
    flat, spans = line_feeds(text), []
    for edit in edits:
        places = found(flat, edit) if isinstance(edit, dict) else []
        if not places:
            return None
        spans += places
    made = replaced(flat, sorted(spans))
    return made.replace("\n", "\r\n") if crlf and made is not None else made


def replaced(flat: str, spans: list[tuple[int, int, str]]) -> str | None:
    """The text with new pieces in these places, in order; None where two meet, or for length."""
    if len(flat) + sum(len(new) for _, _, new in spans) > LONGEST_EDITED:
        return None
    pieces, at = [], 0
    for start, end, new in spans:
        if start < at:
            return None
        pieces += [flat[at:start], new]
        at = end
    return "".join([*pieces, flat[at:]])


def found(flat: str, edit: dict[str, Any]) -> list[tuple[int, int, str]]:
    """Where one replacement applies (from, to, new text): once, or everywhere if it says so."""
    old, new = first(edit, OLD), first(edit, NEW)
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        return []
    old, new = line_feeds(old), line_feeds(new)
    if first(edit, ALL) and flat.count(old) > MOST_PLACES:
        return []
    places, start = [], flat.find(old)
    while start >= 0:
        places.append((start, start + len(old), new))
        start = flat.find(old, start + len(old)) if first(edit, ALL) else -1
    return places


def line_feeds(text: str) -> str:
    """The text with every line ended by a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of some fields that is there."""
    return next((data[name] for name in names if name in data), None)
