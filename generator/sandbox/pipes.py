"""The three pipes between the judge and a case: its job, its reply, and what it prints."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 1 << 20


@dataclass
class Ends:
    """The judge's ends of the three pipes of a case."""

    job: int
    reply: int
    printed: int


@contextlib.contextmanager
def pipes() -> Iterator[tuple[Ends, tuple[int, int, int]]]:
    """Three pipes; the child's ends are closed by the caller once they were handed over."""
    pairs = [os.pipe() for _ in range(3)]
    for end in pairs[0] + pairs[1]:
        with contextlib.suppress(OSError, AttributeError):  # a larger buffer, where allowed
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, CHUNK)
    (job_out, job_in), (reply_out, reply_in), (printed_out, printed_in) = pairs
    try:
        yield Ends(job_in, reply_out, printed_out), (job_out, reply_in, printed_in)
    finally:
        for descriptor in (job_in, reply_out, printed_out):
            os.close(descriptor)
