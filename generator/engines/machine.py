"""What this machine has for us: cores and memory, within the control groups we are in."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEMBERSHIP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
MEGABYTE = 10**6


def cores() -> int:
    """Cores that this process may use: its affinity, and the quota of its control groups."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    here = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, math.ceil(min([here, *map(_cpus_in, _groups("cpu"))])))


def free_mb() -> int:
    """Megabytes that can be used now without swapping; all there are where the system won't say."""
    return int(min([_available(), *map(_free_in, _groups("memory"))]) / MEGABYTE)


def _available() -> float:
    """Bytes available on the machine."""
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _groups(controller: str) -> Iterator[Path]:
    """The folders of the control groups we are in, innermost first, in either version.

    A container sees its own group as the root of the mount, whatever its membership says.
    """
    with suppress(OSError):
        for line in MEMBERSHIP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(",") or not controllers:
                base = GROUPS / controller if controllers else GROUPS
                own = base / path.lstrip("/")
                yield from (own, *(p for p in own.parents if p.is_relative_to(base)))


def _free_in(group: Path) -> float:
    """Bytes left in a control group; what it holds of files can be given back."""
    for limit, used, files in (
        ("memory.max", "memory.current", "inactive_file "),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
    ):
        with suppress(OSError, ValueError):  # no such file, or "max"
            stat = (group / "memory.stat").read_text().splitlines()
            held = sum(int(line.split()[1]) for line in stat if line.startswith(files))
            return _number(group / limit) - _number(group / used) + held
    return math.inf


def _cpus_in(group: Path) -> float:
    """The cores that a control group's quota amounts to."""
    with suppress(OSError, ValueError):  # no such file, or "max"
        quota, period = (group / "cpu.max").read_text().split()
        return int(quota) / int(period)
    with suppress(OSError):
        quota_us = _number(group / "cpu.cfs_quota_us")  # -1 for none
        return quota_us / _number(group / "cpu.cfs_period_us") if quota_us > 0 else math.inf
    return math.inf


def _number(file: Path) -> int:
    return int(file.read_text())
