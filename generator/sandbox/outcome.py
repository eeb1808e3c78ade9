"""From what was heard of a case to a Reply or an OwnTest."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any, Literal

from generator.data import OwnTest
from generator.sandbox.exchange import Heard

SHORTEST_NAME = 5  # of a machine; a shorter one may be part of any word
Status = Literal["done", "crashed", "timeout", "broken"]


@dataclass(frozen=True)
class Reply:
    """What came back. All of it but status and seconds is the untrusted code's claim.

    status: done; crashed (an exception, a signal, or an exit); timeout; broken (the child did not
    keep to the protocol). outputs: one mapping per call that returned. seconds: of the calls, by
    the judge's clock; import_seconds: of starting the child and loading the output's modules.
    import_failed: the exception or timeout came from importing. printed: the tail of its prints.
    """

    status: Status
    outputs: tuple[dict[str, Any], ...] = ()
    note: str = ""
    seconds: float = 0.0
    import_seconds: float = 0.0
    import_failed: bool = False
    printed: str = ""


def reply(heard: Heard, how: str, calls: int) -> Reply:
    """The reply of a case that made `calls` calls and whose process ended as `how` says."""
    status, note = _status(heard, how, calls)
    loaded = heard.loaded if heard.loaded is not None else heard.finished
    return Reply(
        status=status,
        outputs=tuple(heard.outputs[:calls]),
        note=anonymous(note),
        seconds=heard.finished - loaded,
        import_seconds=loaded - heard.started,
        import_failed=heard.loaded is None and status in {"crashed", "timeout"},
        printed=heard.printed.decode(errors="replace"),
    )


def own_test(file: str, heard: Heard, how: str) -> OwnTest:
    """What became of an author's own test, as a shell would see it."""
    seconds = round(heard.finished - heard.started, 3)
    if heard.timed_out:
        note = "did not end in time"
        return OwnTest(file=file, ended=False, status=None, seconds=seconds, note=note)
    status, note = _exit(heard, how)
    return OwnTest(file=file, ended=True, status=status, seconds=seconds, note=anonymous(note))


def anonymous(text: str) -> str:
    """The text without this machine's name and its kernel's release and build, as they stand."""
    machine = platform.uname()
    named = {machine.version: "[kernel]", machine.release: "[kernel]"}
    if len(machine.node) >= SHORTEST_NAME:
        named[machine.node] = "[host]"
    for name, shown in named.items():
        text = text.replace(name, shown) if name else text
    return text


def _exit(heard: Heard, how: str) -> tuple[int, str]:
    """The exit status that a shell would see, and a note."""
    if heard.error.startswith("SystemExit: "):
        code = heard.error.removeprefix("SystemExit: ").partition(" (")[0]
        return (0 if code in {"", "None"} else _number(code)), heard.note
    if heard.error or heard.broken:
        return 1, heard.error or heard.broken
    if not heard.complete:
        return _number(how.removeprefix("exited with status ")), f"the process {how}"
    return 0, heard.note


def _number(code: str) -> int:
    """A status as a number; 1 for a text, as Python's own exit has it."""
    return int(code) if code.isdigit() else 1


def _status(heard: Heard, how: str, calls: int) -> tuple[Status, str]:
    if heard.broken:
        return "broken", heard.broken
    if heard.timed_out:
        what = "importing it" if heard.importing else "it"
        return "timeout", f"{what} did not end in time"
    if heard.error:
        return "crashed", heard.error
    if not heard.complete:
        return "crashed", f"the process {how} without an answer"
    if len(heard.outputs) != calls:
        return "broken", f"{len(heard.outputs)} outputs for {calls} calls"
    return "done", ""
