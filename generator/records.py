"""Load and save records: the only memory between builds.

A record is one JSON file, validated when loaded. A file that cannot be used is a problem to report,
never a crash, and never overwritten unless its successor has been made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from generator.data import (
    DuelReply,
    Evidence,
    GradeReply,
    JudgedDuel,
    JudgedRun,
    JudgedText,
    Record,
    Strength,
    TextReply,
)
from generator.files import given, plain, write
from generator.judge.reply import read_again
from generator.redact import clean_all, redact
from generator.yamlfile import first_error

T = TypeVar("T")
J = TypeVar("J", JudgedRun, JudgedDuel, JudgedText)
TEXTS = {"analysis": "analyses", "profile": "profiles"}


@dataclass
class Store:
    """The folder of records, and what was found wrong in it while loading."""

    folder: Path
    _problems: dict[Path, str] = field(default_factory=dict)
    _evidence: dict[str, Evidence] | None = None

    @property
    def problems(self) -> list[str]:
        """What was found wrong while loading, and has not been replaced since."""
        return list(self._problems.values())

    def evidence_path(self, model: str, challenge: str) -> Path:
        """Where the evidence on a run is kept."""
        return self.folder / "evidence" / model / f"{challenge}.json"

    def evidence(self) -> dict[str, Evidence]:
        """Every usable evidence record, by `model/challenge`; read once."""
        if self._evidence is None:
            found = self._in_place("evidence", Evidence, self._of_evidence)
            self._evidence = {record.key: record for record in found}
        return self._evidence

    def _of_evidence(self, record: Evidence) -> Path:
        return self.evidence_path(record.model, record.challenge)

    def _in_place(self, folder: str, kind: type[T], place: Callable[[T], Path]) -> list[T]:
        """The usable records of a folder that lie where their content says; problems noted."""
        found = []
        for file in self.files(folder):
            record = self.load(file, kind)
            if record is not None and (own := place(record)) != file:
                self._problems[file] = f"{file}: holds the record of {own}; ignored"
            elif record is not None:
                found.append(record)
        return found

    def save_evidence(self, record: Evidence) -> None:
        """Keep an evidence record; raises OSError where it cannot be written."""
        self.save(self.evidence_path(record.model, record.challenge), record)
        if self._evidence is not None:
            self._evidence[record.key] = record

    def strength(self) -> tuple[Strength, ...]:
        """The recorded strength of the kernel tests, in the order of the challenges."""
        path = self.folder / "strength.json"
        return (self.load(path, tuple[Strength, ...]) if given(path) else None) or ()

    def rooflines(self) -> dict[str, dict[str, Any]]:
        """By challenge, the timings of our own kernel against the memory and against libraries."""
        loaded = {file.stem: self.load(file, dict[str, Any]) for file in self.files("roofline")}
        return {slug: found for slug, found in loaded.items() if found is not None}

    def judged_runs(self) -> list[JudgedRun]:
        """Every usable record of a judge's grades."""
        return self._judged("grades", JudgedRun, self._of_run, GradeReply)

    def judged_duels(self) -> list[JudgedDuel]:
        """Every usable record of a judge's comparisons."""
        return self._judged("duels", JudgedDuel, self._of_duel, DuelReply)

    def _judged(
        self, folder: str, kind: type[J], place: Callable[[J], Path], form: type[Record]
    ) -> list[J]:
        """The usable records of a folder; an answer in them of another form is noted, and none."""
        found = []
        for record in self._in_place(folder, kind, place):
            now = {part: read_again(e, form) for part, e in record.exchanges.items()}
            for part in (part for part, e in now.items() if e != record.exchanges[part]):
                why = f"exchanges.{part}.reply: {now[part].why}"
                self._problems[place(record)] = f"{place(record)}: {why}; not used"
            found.append(record.model_copy(update={"exchanges": now}))
        return found

    def _of_run(self, record: JudgedRun) -> Path:
        return self.folder / "grades" / record.judge / record.model / f"{record.challenge}.json"

    def _of_duel(self, record: JudgedDuel) -> Path:
        name = f"{record.a}--{record.b}.json"
        return self.folder / "duels" / record.judge / record.challenge / name

    def save_judged_run(self, record: JudgedRun) -> None:
        """Keep what a judge was asked about a run; raises OSError."""
        self.save(self._of_run(record), record)

    def save_judged_duel(self, record: JudgedDuel) -> None:
        """Keep what a judge was asked about two runs; raises OSError."""
        self.save(self._of_duel(record), record)

    def judged_texts(self) -> list[JudgedText]:
        """Every usable record of a judge's analyses and profiles."""
        folders = TEXTS.values()
        return [
            text
            for name in folders
            for text in self._judged(name, JudgedText, self._of_text, TextReply)
        ]

    def save_judged_text(self, record: JudgedText) -> None:
        """Keep what a judge was asked to write; raises OSError."""
        self.save(self._of_text(record), record)

    def _of_text(self, record: JudgedText) -> Path:
        return self.text_path(record.kind, record.judge, record.subject)

    def text_path(self, kind: str, judge: str, subject: str) -> Path:
        """Where a judge's text is kept."""
        return self.folder / TEXTS[kind] / judge / f"{subject}.json"

    def files(self, kind: str) -> list[Path]:
        """The record files of a kind, sorted."""
        return sorted((self.folder / kind).rglob("*.json"))

    def load(self, path: Path, kind: type[T]) -> T | None:
        """The record in a file, or None and a problem noted."""
        try:
            return TypeAdapter(kind).validate_json(plain(path).read_bytes())
        except ValidationError as error:
            self._problems[path] = f"{path}: {first_error(error)}; ignored"
        except OSError as error:
            self._problems[path] = f"{path}: {error.strerror}; ignored"
        return None

    def save(self, path: Path, record: Record) -> bool:
        """Write a record, without secrets; False if the same bytes were there already."""
        text = record.model_dump_json(indent=1)
        if redact(text)[1]:
            clean = type(record).model_validate(clean_all(record.model_dump(mode="json")))
            text = clean.model_dump_json(indent=1)
        self._problems.pop(path, None)
        return write(path, text + "\n")
