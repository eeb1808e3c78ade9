"""Session logs -> what they prove of a run: models, tools, tokens, cost, files they made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from generator.data import Moment, Run, Session, Tokens
from generator.redact import redact
from generator.sessions import opencode, pi
from generator.sessions.entry import Entry

FORMATS: dict[str, ModuleType] = {"pi": pi, "opencode": opencode}
NAMES = ("session", "sesion")
LONGEST_TEXT = 4000


def logs(run: Run) -> list[Path]:
    """The session logs of a run: files called session or nearly so, and a storage folder."""
    named = [
        run.folder / artifact.path
        for artifact in run.artifacts
        if artifact.path.lower().startswith(NAMES) and artifact.path.endswith((".jsonl", ".json"))
    ]
    folder = run.folder / "session"
    return [*named, folder] if folder.is_dir() else named


def format_of(path: Path) -> str:
    """The format of a log, or the empty string."""
    return next((name for name, module in FORMATS.items() if module.recognised(path)), "")


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a log of either format; nothing for what is neither."""
    name = format_of(path)
    return iter(FORMATS[name].entries(path)) if name else iter(())


def summary(path: Path) -> Session | None:
    """The summary of a log, read once from end to end; None where it is of no known format."""
    name = format_of(path)
    return summed(FORMATS[name].entries(path), path.name, name) if name else None


def summed(stream: Iterable[Entry], file: str, form: str) -> Session:
    """Sum up a stream of entries."""
    models: dict[str, None] = {}
    thinking: dict[str, None] = {}
    counts: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    broken: list[int] = []
    times: list[float] = []
    for entry in stream:
        counts["entries"] += 1
        counts[entry.kind] += 1
        counts["errors"] += entry.error
        if entry.when is not None:
            times = (
                [min(times[0], entry.when), max(times[1], entry.when)]
                if times
                else [entry.when] * 2
            )
        if entry.kind == "broken":
            broken.append(entry.line)
        elif entry.kind == "model":
            models[entry.name] = None
        elif entry.kind == "thinking":
            thinking[entry.name] = None
        elif entry.kind == "call":
            calls[entry.name] += 1
        elif entry.kind == "usage":
            totals.update(entry.data)
    return Session(
        file=file,
        format=form,  # type: ignore[arg-type]
        models=tuple(models),
        thinking=tuple(thinking),
        turns=counts["usage"],
        calls=dict(sorted(calls.items())),
        errors=counts["errors"],
        tokens=Tokens(**{name: int(totals[name]) for name in Tokens.model_fields}),
        cost=round(float(totals["cost"]), 6),
        started=iso(times[0]) if times else "",
        seconds=round(times[1] - times[0], 1) if times else None,
        entries=counts["entries"],
        broken=tuple(broken),
    )


def timeline(path: Path) -> Iterator[Moment]:
    """What happened, entry by entry, redacted and cut, for a page."""
    for entry in entries(path):
        if entry.kind in {"usage", "broken"}:
            continue
        shown = entry.text or "\n".join(f"{key}: {value}" for key, value in entry.data.items())
        text, _ = redact(shown[:LONGEST_TEXT])
        changes = entry.kind in {"model", "thinking"}
        yield Moment(
            line=entry.line,
            when=iso(entry.when) if entry.when else "",
            kind="change" if changes else entry.kind,  # type: ignore[arg-type]
            title=redact(entry.name)[0] + (" (failed)" if entry.error else ""),
            text=text,
        )


def iso(when: float) -> str:
    """Seconds since 1970 as an ISO time in UTC."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
