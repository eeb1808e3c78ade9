"""What a session log says of how a run was made."""

from __future__ import annotations

from typing import Literal

from generator.data.base import Record


class Tokens(Record):
    """Token counts as logged, summed over the session."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Session(Record):
    """The summary of one log.

    models: `provider/model` as logged, in order of appearance. broken: numbers of lines that could
    not be read. seconds: from the first to the last time stamp. cost: US dollars as logged.
    """

    file: str
    format: Literal["pi", "opencode"]
    models: tuple[str, ...] = ()
    thinking: tuple[str, ...] = ()
    turns: int = 0
    calls: dict[str, int] = {}
    errors: int = 0
    tokens: Tokens = Tokens()
    cost: float = 0
    started: str = ""
    seconds: float | None = None
    entries: int = 0
    broken: tuple[int, ...] = ()


class Moment(Record):
    """One entry of a session's timeline, its text redacted and cut.

    seconds: since the first time stamp, None where the entry has none.
    """

    line: int
    seconds: float | None = None
    kind: Literal["user", "assistant", "reasoning", "call", "result", "change", "note", "broken"]
    title: str
    text: str = ""
    failed: bool = False


class Replayed(Record):
    """How a stored file compares with what the log's write and edit calls make of it.

    as logged; differs (`diff` holds the first lines that do); not in the log (made by a command, or
    added later); not replayable (an edit did not apply, or the log ends before its result).
    """

    file: str
    outcome: Literal["as logged", "differs", "not in the log", "not replayable"]
    note: str = ""
    diff: str = ""
