"""Rebuild a run's files from the write and edit calls of its log, and compare them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from generator.data import Replayed, Run
from generator.lognames import is_log
from generator.sessions.edits import EDITS, WRITES, applied, first
from generator.sessions.entry import Entry
from generator.storedrun import DEEPEST

PATCHES = {"apply_patch", "patch"}
SHELLS = {"bash", "shell", "execute"}
PATHS = ("path", "filePath", "file_path")
DIFF_LINES = 12
MOST_COMPARED = 2_000  # lines: the time to compare some texts grows with more than their square
LARGEST_QUOTED = 200_000
MOST_OPEN = 100  # calls that may still be answered


def replay(stream: Iterable[Entry], run: Run) -> list[Replayed]:
    """One outcome per stored file but the log itself, by the file's path.

    Calls whose result was an error are not applied. A log names absolute paths of another machine,
    so files are matched by the longest common end of the path.
    """
    stored = [a.path for a in run.artifacts if not is_log(a.path)]
    said, rebuilt = Said(run, stored), Rebuilt(stored)
    calls, failed, answered = paired(said.listen(stream))
    for position, call in enumerate(calls):
        if call.name.lower() in SHELLS:
            rebuilt.note(str(call.data.get("command", "")))
        elif position not in failed:
            rebuilt.take(call, answered=position in answered)
    return [
        Replayed(file=path, outcome="as logged", note="word for word in a message of the log")
        if path not in rebuilt.files and path in said.found
        else compared(path, rebuilt, run)
        for path in stored
    ]


@dataclass
class Rebuilt:
    """What the calls of a log make of the stored files.

    files: by path, the text so far, or None where the log does not say what it is. commands: how
    many shell commands name a file. unsure: files changed by a call whose result is not logged.
    """

    stored: list[str]
    files: dict[str, str | None] = field(default_factory=dict)
    commands: Counter[str] = field(default_factory=Counter)
    unsure: set[str] = field(default_factory=set)

    def note(self, command: str) -> None:
        """Count a shell command for every file that it names."""
        self.commands.update(self._named(command))

    def take(self, call: Entry, *, answered: bool) -> None:
        """Apply a call that writes, edits or patches. answered: whether its result is logged."""
        if call.name.lower() in PATCHES:  # a diff of several files, in a syntax of its tool
            self.files |= dict.fromkeys(self._named(str(call.data)))
            return
        target = matching(str(first(call.data, PATHS) or ""), self.stored)
        if target:
            self.files[target] = applied(call, self.files.get(target))
            if not answered:
                self.unsure.add(target)

    def _named(self, text: str) -> list[str]:
        """The stored files whose names stand in a text."""
        return [path for path in self.stored if path.rpartition("/")[2] in text]


class Said:
    """Which stored texts stand word for word in a message: a plain harness has no write calls."""

    def __init__(self, run: Run, stored: list[str]):
        self.found: set[str] = set()
        self.texts: dict[str, str] = {}
        for artifact in run.artifacts:
            if artifact.path in stored and artifact.bytes < LARGEST_QUOTED:
                text = (run.folder / artifact.path).read_bytes().decode("utf-8", "replace").strip()
                if text:
                    self.texts[artifact.path] = text

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
            waiting = [*waiting[1 - MOST_OPEN :], len(calls)]
            calls.append(entry)
        elif entry.kind == "result":
            fits = [n for n in waiting if answers(entry, calls[n])]
            if fits:
                waiting.remove(fits[0])
                answered.add(fits[0])
                if entry.error:
                    failed.add(fits[0])
    return calls, failed, answered


def answers(result: Entry, call: Entry) -> bool:
    """Whether a result is that of a call."""
    if result.id or call.id:
        return result.id == call.id
    return not result.name or result.name == call.name


def matching(path: str, stored: list[str]) -> str:
    """The stored file whose path ends as this one does, the longest end first."""
    parts = PurePosixPath(path.replace("\\", "/")).parts[-DEEPEST - 1 :]
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((end for end in ends if end in stored), "")


def compared(path: str, rebuilt: Rebuilt, run: Run) -> Replayed:
    """A stored file against its replay."""
    commands = rebuilt.commands[path]
    told = f"shell commands in the log that name it: {commands}" if commands else ""
    if path not in rebuilt.files:
        return Replayed(file=path, outcome="not in the log", note=told)
    made = rebuilt.files[path]
    if made is None:
        note = "; ".join(filter(None, ("an edit in the log cannot be applied", told)))
        return Replayed(file=path, outcome="not replayable", note=note)
    actual = (run.folder / path).read_bytes()
    if made.encode("utf-8", "surrogatepass") == actual:
        return Replayed(file=path, outcome="as logged")
    if path in rebuilt.unsure:
        note = "the log does not say whether a call that changes it took effect"
        return Replayed(file=path, outcome="not replayable", note=note)
    return Replayed(file=path, outcome="differs", note=told, diff=difference(made, actual))


def difference(made: str, actual: bytes) -> str:
    """The first lines in which the two differ; line ends are shown where only they do."""
    before, after = made.splitlines(), actual.decode("utf-8", "replace").splitlines()
    if before == after:
        before = [repr(line) for line in made.splitlines(keepends=True)]
        after = [repr(line) for line in actual.decode("utf-8", "replace").splitlines(keepends=True)]
    label, start = "stored", 0
    if max(len(before), len(after)) > MOST_COMPARED:
        pairs = enumerate(zip(before, after, strict=False))
        start = next((number for number, (old, new) in pairs if old != new), 0)
        label = f"stored (counted from line {start + 1:,})"
    before, after = (text[start : start + MOST_COMPARED] for text in (before, after))
    lines = difflib.unified_diff(before, after, "log", label, n=0, lineterm="")
    return "\n".join(islice(lines, DIFF_LINES))
