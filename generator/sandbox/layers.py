"""From what a confined child could do to the layers that hold, and whether they suffice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.data import Layer


@dataclass(frozen=True)
class Promise:
    """A layer by what it promises: the attempts that must have failed.

    floor: untrusted code is not run where this does not hold, unless that is accepted.
    """

    name: str
    attempts: tuple[str, ...]
    floor: bool
    cause: str


PROMISES = (
    Promise("reads only the run, the interpreter and listed packages", ("read",), True, "Landlock"),
    Promise("writes nothing", ("write", "attributes"), True, "Landlock"),
    Promise("no sockets", ("sockets",), True, "seccomp"),
    Promise("no new processes or programs", ("fork", "exec"), True, "seccomp"),
    Promise("no access to other processes", ("memory", "signals"), True, "seccomp"),
    Promise("resource limits", ("limits",), True, ""),
    Promise("no inherited descriptors", ("descriptors",), True, ""),
    Promise("a user of its own", ("user",), False, "own user"),
    Promise("a process namespace of its own", ("numbers",), False, "pid namespace"),
    Promise("a file system that holds nothing else", ("see",), False, "bubblewrap"),
)


def layers(achieved: Mapping[str, object], missing: Mapping[str, str]) -> tuple[Layer, ...]:
    """One layer per promise. achieved: attempt -> what it achieved. missing: cause -> reason."""
    return tuple(
        Layer(name=p.name, enforced=not (got := _broken(p, achieved)), note=_note(p, got, missing))
        for p in PROMISES
    )


def below_floor(found: tuple[Layer, ...]) -> list[Layer]:
    """The layers that do not hold and without which untrusted code is not run."""
    floor = {promise.name for promise in PROMISES if promise.floor}
    return [layer for layer in found if layer.name in floor and not layer.enforced]


def _broken(promise: Promise, achieved: Mapping[str, object]) -> str:
    """What an attempt achieved; an attempt that was not made counts as achieved."""
    results = (achieved.get(name, f"{name} was not tried") for name in promise.attempts)
    return "; ".join(str(result) for result in results if result)


def _note(promise: Promise, achieved: str, missing: Mapping[str, str]) -> str:
    if not achieved:
        return ""
    reason = missing.get(promise.cause, "")
    return f"{achieved} ({promise.cause}: {reason})" if reason else achieved
