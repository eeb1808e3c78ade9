"""One case as the child is given it: sources compiled, binding and inputs."""

from __future__ import annotations

import functools
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.data import Limits
from generator.sandbox.limits import MEGABYTE


@dataclass(frozen=True)
class Job:
    """One case: the run's folder, the driver's source, how to bind, and the inputs of each call.

    folder: the run's folder; a private copy of it is all of the project that the child can read.
    drive, adapter: source texts. binding: a generator.data.Binding as a mapping.
    calls: inputs only: arrays, numbers, strings, lists, mappings, None.
    """

    folder: Path
    drive: str
    binding: dict[str, Any]
    calls: tuple[Mapping[str, Any], ...]
    adapter: str = ""


def content(job: Job, limits: Limits) -> dict[str, Any]:
    """The mapping that child.prepare reads; it names no folder and holds no answer."""
    return {
        "drive": compiled(job.drive, "drive.py"),
        "binding": job.binding,
        "calls": list(job.calls),
        "adapter": compiled(job.adapter, "adapter.py") if job.adapter else None,
        "output_cap": limits.output_mb * MEGABYTE,
    }


@functools.lru_cache(maxsize=64)
def compiled(source: str, name: str) -> NDArray[np.uint8]:
    """Our own code for the child, compiled once here rather than in each. Raises SyntaxError.

    Only the judge writes it and only the child reads it, with the same interpreter.
    """
    return np.frombuffer(marshal.dumps(compile(source, name, "exec")), np.uint8)
