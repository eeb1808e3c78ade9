"""A run's files as the pages show them: as much of their text as a browser shows without delay."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.data import Artifact, Run
from generator.redact import clean
from generator.render.escape import source_text

LONGEST = 200_000  # bytes of a file
WIDEST = 10_000  # characters of a line
# What a browser shows without delay, all files together.
PAGE_CHARACTERS, PAGE_LINES = 250_000, 5_000
LANGUAGES = {
    ".py": "python", ".cu": "cuda", ".cuh": "cuda", ".cpp": "cpp", ".h": "cpp", ".c": "c",
    ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".sh": "bash",
    ".md": "markdown",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One file: its text for a listing, or a note in its place."""

    artifact: Artifact
    number: int
    text: str
    language: str
    note: str = ""

    def anchor(self, line: int) -> str:
        """The id of a line on the page of the listings, where blocks count from zero."""
        return f"L-{self.number - 1}-{line}"

    @property
    def lines(self) -> int:
        """How many lines are shown; blank ones at the end are not."""
        return self.text.rstrip().count("\n") + bool(self.text.strip())


@dataclass
class Room:
    """What is left of a page for listings."""

    characters: int = PAGE_CHARACTERS
    lines: int = PAGE_LINES

    def take(self, lines: list[str]) -> list[str]:
        """As many of the lines as fit, which then take up their room."""
        taken = []
        for line in lines:
            if not self.lines or len(line) > self.characters:
                break
            self.lines, self.characters = self.lines - 1, self.characters - len(line) - 1
            taken.append(line)
        return taken


@functools.lru_cache(maxsize=256)  # the panels of one page ask for the same files
def listings(run: Run) -> tuple[Listing, ...]:
    """Every file of a run; what cannot be shown, or has no room, has a note. Never raises."""
    shown, room = 0, Room()
    found = []
    for artifact in sorted(run.artifacts, key=order):
        text, note = read(run, artifact, room)
        shown += bool(text)
        language = LANGUAGES.get(PurePosixPath(artifact.path).suffix.lower(), "text")
        found.append(Listing(artifact, shown if text else 0, text, language, note))
    return tuple(found)


def order(artifact: Artifact) -> tuple[bool, bool, str]:
    """Code first, then notes and data; tests after what they test."""
    path = PurePosixPath(artifact.path)
    code = path.suffix.lower() in {".py", ".cu", ".cuh", ".cpp", ".h", ".c"}
    return (not code, "test" in path.name.lower(), artifact.path)


def read(run: Run, artifact: Artifact, room: Room) -> tuple[str, str]:
    """As much of a file's text as there is room for, and a note on what is not shown."""
    try:
        with (run.folder / artifact.path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        return "", f"could not be read: {error.strerror}"
    if not data:
        return "", "empty"
    if b"\0" in data[:8000]:
        return "", "binary, not shown"
    return fitted(clean(source_text(data[:LONGEST])).split("\n"), len(data) > LONGEST, room)


def fitted(lines: list[str], cut: bool, room: Room) -> tuple[str, str]:
    """The lines that there is room for, as a text, and a note. cut: whether the file goes on.

    Secrets must be out of them already: half a secret, where a line is cut, would not be found.
    """
    whole = lines[:-1] if cut and len(lines) > 1 else lines
    narrow = [
        f"{line[:WIDEST]} \N{HORIZONTAL ELLIPSIS}" if len(line) > WIDEST else line for line in whole
    ]
    taken = room.take(narrow)
    notes = []
    if not taken:
        return "", "left out, the page is full"
    if len(taken) < len(whole):
        notes.append(f"the first {len(taken):,} lines, the page is full")
    elif cut:
        notes.append(f"the first {LONGEST:,} bytes")
    if narrow != whole:
        notes.append(f"lines cut at {WIDEST:,} characters")
    return "\n".join(taken), "; ".join(notes)
