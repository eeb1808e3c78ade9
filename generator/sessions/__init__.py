"""Session logs -> what they prove of a run: models, tools, tokens, cost, files they made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from generator.data import Moment, Run, Session
from generator.lognames import is_log
from generator.redact import redact
from generator.sessions import opencode, pi
from generator.sessions.entry import Entry
from generator.sessions.summing import summed

FORMATS: dict[str, ModuleType] = {"pi": pi, "opencode": opencode}
LONGEST_TEXT = 4000
LONGEST_SECRET = 4000
FIRST_MOMENTS, LAST_MOMENTS = 800, 200


def log_of(run: Run) -> Path | None:
    """The log of a run: the first file or folder named like one that is of a known format.

    Looked up on disk: a log may be larger than what is kept as an artifact.
    """
    if not run.folder.is_dir():
        return None
    near = sorted(run.folder.iterdir())
    named = [
        path for path in near if usable(path) and (path.name == "session" or is_log(path.name))
    ]
    return next((path for path in named if format_of(path)), None)


def usable(path: Path) -> bool:
    """Whether a path is a plain file or folder: a link may lead elsewhere, a pipe never ends."""
    return not path.is_symlink() and (path.is_file() or path.is_dir())


def format_of(path: Path) -> str:
    """The format of a log, or the empty string; a format is told by content, never by name."""
    return next((name for name, module in FORMATS.items() if module.recognised(path)), "")


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a log of either format; nothing for what is neither."""
    name = format_of(path)
    return iter(FORMATS[name].entries(path)) if name else iter(())


def summary(path: Path) -> Session | None:
    """The summary of a log, read once from end to end; None where it is of no known format."""
    name = format_of(path)
    return summed(FORMATS[name].entries(path), path.name, name) if name else None


def timeline(path: Path) -> tuple[Moment, ...]:
    """What happened, redacted and cut, for a page: the first entries and the last of a long log."""
    first: list[Moment] = []
    last: deque[Moment] = deque(maxlen=LAST_MOMENTS)
    start: float | None = None
    model = ""
    for entry in entries(path):
        start = entry.when if start is None else start
        if entry.kind == "usage" and not entry.error:
            continue
        if entry.kind == "model":  # each answer names its model; a change is what counts
            if entry.name == model:
                continue
            model = entry.name
        made = moment(entry, start)
        if len(first) < FIRST_MOMENTS:
            first.append(made)
        else:
            last.append(made)
    return (*first, *last)


def moment(entry: Entry, start: float | None) -> Moment:
    """One entry as the page shows it."""
    shown = entry.text or "\n".join(f"{key}: {value}" for key, value in entry.data.items())
    if entry.kind == "usage":
        shown = entry.text or "the answer ended in an error"
    text, _ = redact(shown[: LONGEST_TEXT + LONGEST_SECRET])
    cut = f"\n({len(shown) - LONGEST_TEXT:,} more characters)" if len(shown) > LONGEST_TEXT else ""
    kinds = {"model": "change", "thinking": "change", "usage": "assistant"}
    seconds = None if start is None or entry.when is None else max(entry.when - start, 0)
    return Moment(
        line=entry.line,
        seconds=None if seconds is None else round(seconds, 1),
        kind=kinds.get(entry.kind, entry.kind),  # type: ignore[arg-type]
        title=redact(f"thinking {entry.name}" if entry.kind == "thinking" else entry.name)[0],
        text=text[:LONGEST_TEXT] + cut,
        failed=entry.error,
    )
