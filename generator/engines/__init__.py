"""Where verification runs: one file per engine, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from generator.data import Evidence
    from generator.verify import Task

INSTALL = (
    ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements-dev.txt "
    "(`make test` does so too)"
)


class Name(StrEnum):
    """The engines, as a user names them."""

    LOCAL = "local"
    RAY = "ray"
    SUBMITIT = "submitit"


class Engine(Protocol):
    """Verifies tasks somewhere. The records are the same, apart from machine, time and seed."""

    def verify_all(self, todo: list[Task]) -> Iterator[tuple[Task, Evidence | str]]:
        """Each task, as it is done, with its evidence, or with our own error as one line."""


def open_engine(name: Name, workers: int, memory_mb: int, address: str) -> Engine:
    """The engine of this name; raises BadFile where its library is not installed."""
    from generator.yamlfile import BadFile

    if address and name is not Name.RAY:
        raise BadFile("--address goes with --engine ray alone")
    if name is Name.RAY:
        from generator.engines.ray import Ray, library

        library()
        return Ray(workers, memory_mb, address)
    if name is Name.SUBMITIT:
        from generator.engines import submitit

        submitit.library()
        return submitit.Submitit(workers)
    from generator.engines.local import Local

    return Local(workers, memory_mb)
