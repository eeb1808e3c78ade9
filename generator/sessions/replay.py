"""Rebuild a run's files from the write and edit calls of its log, and compare them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from generator.data import Replayed, Run
from generator.sessions.entry import Entry

WRITES = {"write", "create", "write_file"}
EDITS = {"edit", "edit_file", "str_replace"}
PATHS = ("path", "filePath", "file_path")
OLD = ("oldText", "oldString", "old_string", "old_str")
NEW = ("newText", "newString", "new_string", "new_str")
DIFF_LINES = 12


def replay(stream: Iterable[Entry], run: Run) -> list[Replayed]:
    """One outcome per stored file, by the file's path.

    Calls whose result was an error are not applied. A log names absolute paths of another machine,
    so files are matched by the longest common end of the path.
    """
    stored = [artifact.path for artifact in run.artifacts]
    files: dict[str, str | None] = {}
    pending: list[tuple[str, dict[str, Any]]] = []
    for entry in stream:
        if entry.kind == "call":
            pending.append((entry.name.lower(), entry.data))
        elif entry.kind == "result" and pending:
            name, data = pending.pop(0)
            if not entry.error:
                apply(name, data, stored, files)
    for name, data in pending:
        apply(name, data, stored, files)
    return [compared(path, files, run) for path in stored]


def apply(name: str, data: dict[str, Any], stored: list[str], files: dict[str, str | None]) -> None:
    """Apply one call to the files in memory; None marks a file that an edit did not fit."""
    target = matching(str(first(data, PATHS) or ""), stored)
    if not target:
        return
    if name in WRITES and isinstance(data.get("content"), str):
        files[target] = data["content"]
    elif name in EDITS:
        edits = data.get("edits") if isinstance(data.get("edits"), list) else [data]
        assert isinstance(edits, list)
        for edit in edits:
            files[target] = edited(files.get(target), edit)


def edited(text: str | None, edit: Any) -> str | None:
    """The text after one replacement, None where it does not apply."""
    old = first(edit, OLD) if isinstance(edit, dict) else None
    new = first(edit, NEW) if isinstance(edit, dict) else None
    if text is None or not isinstance(old, str) or not isinstance(new, str) or old not in text:
        return None
    return text.replace(old, new, -1 if edit.get("replaceAll") else 1)


def first(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of some fields that is there."""
    return next((data[name] for name in names if name in data), None)


def matching(path: str, stored: list[str]) -> str:
    """The stored file whose path ends as this one does, the longest end first."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    for start in range(len(parts)):
        candidate = "/".join(parts[start:])
        if candidate in stored:
            return candidate
    return ""


def compared(path: str, files: dict[str, str | None], run: Run) -> Replayed:
    """A stored file against its replay."""
    if path not in files:
        return Replayed(file=path, outcome="not in the log")
    made = files[path]
    if made is None:
        return Replayed(
            file=path, outcome="not replayable", note="an edit in the log did not apply"
        )
    actual = (run.folder / path).read_bytes()
    if made.encode("utf-8", "surrogatepass") == actual:
        return Replayed(file=path, outcome="as logged")
    lines = difflib.unified_diff(
        made.splitlines(),
        actual.decode("utf-8", "replace").splitlines(),
        "log",
        "stored",
        n=0,
        lineterm="",
    )
    shown = [line for _, line in zip(range(DIFF_LINES), lines, strict=False)]
    return Replayed(
        file=path, outcome="differs", note="\n".join(shown) or "white space at line ends"
    )
