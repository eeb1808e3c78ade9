"""The session logs of a corpus: their summaries, timelines, and the replay of what they wrote."""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.data import Corpus, Moment, Replayed, Run, Session
from generator.sessions import entries, log_of, summary, timeline
from generator.sessions.replay import replay


@dataclass
class Logs:
    """By `model/challenge`, for the runs that have a log."""

    sessions: dict[str, Session] = field(default_factory=dict)
    timelines: dict[str, tuple[Moment, ...]] = field(default_factory=dict)
    replays: dict[str, tuple[Replayed, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_logs(corpus: Corpus) -> Logs:
    """Read every log there is, each three times over in bounded memory; problems are noted."""
    found = Logs()
    for key, run in corpus.runs.items():
        try:
            read_log(key, run, found)
        except OSError as error:
            found.problems.append(f"{key}: its session log cannot be read: {error.strerror}")
    return found


def read_log(key: str, run: Run, found: Logs) -> None:
    """Read the log of one run, if it has one; raises OSError."""
    path = log_of(run)
    session = summary(path) if path else None
    if path and session:
        found.sessions[key] = session
        found.timelines[key] = timeline(path)
        found.replays[key] = tuple(replay(entries(path), run))
