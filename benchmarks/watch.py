"""Runs a command and writes what it took, with every process that it left behind, as JSON.

    python watch.py RESULT LIMIT COMMAND...        LIMIT in seconds, 0 for none

A process of its own for each measurement: on Linux it adopts what the command orphans (the
sandbox's processes outlive the ones that started them), so that their time is counted too.
Imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
EVERY = 0.2  # seconds between two looks at the memory
LONGEST_AFTER = 30  # seconds that what a command left behind may go on


def main() -> None:
    """Run the command, then wait for all that it started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    watch = Watch()
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL)
    try:
        code = process.wait(float(sys.argv[2]) or None)
    except subprocess.TimeoutExpired:
        code = None
        end_all()
    seconds = time.perf_counter() - started
    late = threading.Timer(LONGEST_AFTER, end_all)
    late.start()
    with suppress(ChildProcessError):
        while True:
            os.wait()
    late.cancel()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    found = {"code": code, "seconds": seconds, "cpu": cpu, "peak": watch.peak}
    Path(sys.argv[1]).write_text(json.dumps(found))


def end_all() -> None:
    """Kill every descendant."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)


class Watch:
    """Looks at the memory of this process' descendants as long as it runs. peak: bytes."""

    def __init__(self) -> None:
        self.peak = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, held())
            time.sleep(EVERY)


def held() -> int:
    """Bytes that the descendants hold, a page shared by n processes counted as an nth each."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            info = process.memory_full_info()
            total += getattr(info, "pss", info.uss)
    return total


if __name__ == "__main__":
    main()
