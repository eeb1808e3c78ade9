"""Rebuild a run's files from the write and edit calls of its log, and compare them.

Edits follow pi's tool (packages/coding-agent/src/core/tools/edit.ts): text is matched with line
feeds, the file keeps its own line ends, and several edits of one call are matched against the text
before it. pi also tries a match that forgives quotes and spaces; here that is not replayable.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from generator.data import Replayed, Run
from generator.lognames import is_log
from generator.sessions.entry import Entry

WRITES = {"write", "create", "write_file"}
EDITS = {"edit", "edit_file", "str_replace", "multiedit"}
PATCHES = {"apply_patch", "patch"}
SHELLS = {"bash", "shell", "execute"}
PATHS = ("path", "filePath", "file_path")
OLD = ("oldText", "oldString", "old_string", "old_str")
NEW = ("newText", "newString", "new_string", "new_str")
ALL = ("replaceAll", "replace_all")
DIFF_LINES = 12
LARGEST_QUOTED = 200_000


def replay(stream: Iterable[Entry], run: Run) -> list[Replayed]:
    """One outcome per stored file but the log itself, by the file's path.

    Calls whose result was an error are not applied. A log names absolute paths of another machine,
    so files are matched by the longest common end of the path.
    """
    stored = [a.path for a in run.artifacts if not is_log(a.path)]
    said = Said(run, stored)
    calls, failed, answered = paired(said.listen(stream))
    files: dict[str, str | None] = {}
    touched: dict[str, int] = dict.fromkeys(stored, 0)
    unsure: set[str] = set()
    for position, call in enumerate(calls):
        if call.name.lower() in SHELLS:
            command = str(call.data.get("command", ""))
            for path in stored:
                touched[path] += PurePosixPath(path).name in command
        elif position in failed:
            continue
        elif call.name.lower() in PATCHES:  # a diff of several files, in a syntax of its tool
            files |= {p: None for p in stored if PurePosixPath(p).name in str(call.data)}
        else:
            target = matching(str(first(call.data, PATHS) or ""), stored)
            if target:
                files[target] = applied(call, files.get(target))
                if position not in answered:
                    unsure.add(target)
    return [
        Replayed(file=path, outcome="as logged", note="word for word in a message of the log")
        if path not in files and path in said.found
        else compared(path, files, run, touched[path], path in unsure)
        for path in stored
    ]


class Said:
    """Which stored texts stand word for word in a message: a plain harness has no write calls."""

    def __init__(self, run: Run, stored: list[str]):
        self.found: set[str] = set()
        self.texts: dict[str, str] = {}
        for artifact in run.artifacts:
            if artifact.path in stored and artifact.bytes < LARGEST_QUOTED:
                text = (run.folder / artifact.path).read_bytes().decode("utf-8", "replace").strip()
                self.texts |= {artifact.path: text} if text else {}

    def listen(self, stream: Iterable[Entry]) -> Iterator[Entry]:
        """The stream as it is, noting what is quoted in it."""
        for entry in stream:
            if entry.kind in {"user", "assistant"}:
                self.found |= {path for path, text in self.texts.items() if text in entry.text}
            yield entry


def paired(stream: Iterable[Entry]) -> tuple[list[Entry], set[int], set[int]]:
    """The calls that touch files, and the positions of those that failed or were answered.

    A result belongs to the call with its id; without ids, to the oldest open call of its tool.
    """
    calls: list[Entry] = []
    failed: set[int] = set()
    waiting: list[int] = []
    answered: set[int] = set()
    for entry in stream:
        if entry.kind == "call" and entry.name.lower() in WRITES | EDITS | PATCHES | SHELLS:
            waiting.append(len(calls))
            calls.append(entry)
        elif entry.kind == "result":
            fits = [n for n in waiting if answers(entry, calls[n])]
            if fits:
                waiting.remove(fits[0])
                answered.add(fits[0])
                failed |= {fits[0]} if entry.error else set()
    return calls, failed, answered


def answers(result: Entry, call: Entry) -> bool:
    """Whether a result is that of a call."""
    if result.id or call.id:
        return result.id == call.id
    return not result.name or result.name == call.name


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
    for start, end, new in sorted(spans, reverse=True):
        flat = flat[:start] + new + flat[end:]
    return flat.replace("\n", "\r\n") if crlf else flat


def found(flat: str, edit: dict[str, Any]) -> list[tuple[int, int, str]]:
    """Where one replacement applies (from, to, new text): once, or everywhere if it says so."""
    old, new = first(edit, OLD), first(edit, NEW)
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        return []
    old, new = line_feeds(old), line_feeds(new)
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


def matching(path: str, stored: list[str]) -> str:
    """The stored file whose path ends as this one does, the longest end first."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((end for end in ends if end in stored), "")


def compared(
    path: str, files: dict[str, str | None], run: Run, commands: int, unsure: bool
) -> Replayed:
    """A stored file against its replay."""
    told = f"shell commands in the log that name it: {commands}" if commands else ""
    if path not in files:
        return Replayed(file=path, outcome="not in the log", note=told)
    made = files[path]
    if made is None:
        note = "; ".join(filter(None, ("an edit in the log cannot be applied", told)))
        return Replayed(file=path, outcome="not replayable", note=note)
    actual = (run.folder / path).read_bytes()
    if made.encode("utf-8", "surrogatepass") == actual:
        return Replayed(file=path, outcome="as logged")
    if unsure:
        note = "the log does not say whether a call that changes it took effect"
        return Replayed(file=path, outcome="not replayable", note=note)
    return Replayed(file=path, outcome="differs", note=told, diff=difference(made, actual))


def difference(made: str, actual: bytes) -> str:
    """The first lines in which the two differ; line ends are shown where only they do."""
    before, after = made.splitlines(), actual.decode("utf-8", "replace").splitlines()
    if before == after:
        before = [repr(line) for line in made.splitlines(keepends=True)]
        after = [repr(line) for line in actual.decode("utf-8", "replace").splitlines(keepends=True)]
    lines = difflib.unified_diff(before, after, "log", "stored", n=0, lineterm="")
    return "\n".join(line for _, line in zip(range(DIFF_LINES), lines, strict=False))
