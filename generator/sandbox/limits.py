"""The resource limits of a case, by setrlimit's names and units."""

from __future__ import annotations

import math
import os

from generator.data import Limits

MEGABYTE = 10**6
INTERPRETER_BYTES = 256 * MEGABYTE  # address space of the interpreter and its libraries
PROCESSES = 128
DESCRIPTORS = 64


def rlimits(limits: Limits) -> dict[str, int]:
    """The limits to set; CPU time counts on every core."""
    seconds = (limits.seconds + limits.import_seconds) * (os.cpu_count() or 1)
    return {
        "RLIMIT_AS": address_space(limits),
        "RLIMIT_CPU": math.ceil(seconds) + 1,
        "RLIMIT_FSIZE": limits.output_mb * MEGABYTE,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": DESCRIPTORS,
        "RLIMIT_NPROC": PROCESSES,
    }


def address_space(limits: Limits) -> int:
    """Bytes that a case may map: its own memory and the interpreter's."""
    return limits.memory_mb * MEGABYTE + INTERPRETER_BYTES
