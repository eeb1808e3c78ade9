"""Load and save records: the only memory between builds.

A record is one JSON file, validated when loaded. A file that cannot be used is a problem to report,
never a crash, and never overwritten unless its successor has been made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from generator.data import Evidence, JudgedDuel, JudgedRun, JudgedText, Record, Strength
from generator.files import write
from generator.redact import clean_all, redact
from generator.yamlfile import first_error

R = TypeVar("R", bound=Record)
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
            loaded = [self.load(file, Evidence) for file in self.files("evidence")]
            self._evidence = {f"{e.model}/{e.challenge}": e for e in loaded if e}
        return self._evidence

    def save_evidence(self, record: Evidence) -> None:
        """Keep an evidence record; raises OSError where it cannot be written."""
        self.save(self.evidence_path(record.model, record.challenge), record)
        if self._evidence is not None:
            self._evidence[f"{record.model}/{record.challenge}"] = record

    def strength(self) -> tuple[Strength, ...]:
        """The recorded strength of the kernel tests, in the order of the challenges."""
        path = self.folder / "strength.json"
        if not path.exists():
            return ()
        return TypeAdapter(tuple[Strength, ...]).validate_json(path.read_bytes())

    def rooflines(self) -> dict[str, dict[str, Any]]:
        """By challenge, the timings of our own kernel against the memory and against libraries."""
        return {file.stem: json.loads(file.read_bytes()) for file in self.files("roofline")}

    def judged_runs(self) -> list[JudgedRun]:
        """Every usable record of a judge's grades."""
        return [found for file in self.files("grades") if (found := self.load(file, JudgedRun))]

    def judged_duels(self) -> list[JudgedDuel]:
        """Every usable record of a judge's comparisons."""
        return [found for file in self.files("duels") if (found := self.load(file, JudgedDuel))]

    def save_judged_run(self, record: JudgedRun) -> None:
        """Keep what a judge was asked about a run; raises OSError."""
        self.save(
            self.folder / "grades" / record.judge / record.model / f"{record.challenge}.json",
            record,
        )

    def save_judged_duel(self, record: JudgedDuel) -> None:
        """Keep what a judge was asked about two runs; raises OSError."""
        name = f"{record.a}--{record.b}.json"
        self.save(self.folder / "duels" / record.judge / record.challenge / name, record)

    def judged_texts(self) -> list[JudgedText]:
        """Every usable record of a judge's analyses and profiles."""
        files = [file for name in TEXTS.values() for file in self.files(name)]
        return [found for file in files if (found := self.load(file, JudgedText))]

    def save_judged_text(self, record: JudgedText) -> None:
        """Keep what a judge was asked to write; raises OSError."""
        self.save(self.text_path(record.kind, record.judge, record.subject), record)

    def text_path(self, kind: str, judge: str, subject: str) -> Path:
        """Where a judge's text is kept."""
        return self.folder / TEXTS[kind] / judge / f"{subject}.json"

    def files(self, kind: str) -> list[Path]:
        """The record files of a kind, sorted."""
        return sorted((self.folder / kind).rglob("*.json"))

    def load(self, path: Path, kind: type[R]) -> R | None:
        """The record in a file, or None and a problem noted."""
        try:
            return TypeAdapter(kind).validate_json(path.read_bytes())
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


def schema(kind: type[Record]) -> str:
    """The JSON Schema of a record type, as text, for publication beside the records."""
    return json.dumps(kind.model_json_schema(), indent=1, sort_keys=True) + "\n"
