"""The primitives that take rights away from the calling process. None can be undone."""

from __future__ import annotations

import os
import resource

FIRST_KEPT = 3


def keep_descriptors(*kept: int) -> tuple[int, ...]:
    """Close every descriptor but 0, 1, 2 and these, which become 3, 4, ...; returns the new ones."""
    high = [os.dup(fd) for fd in kept]
    while any(fd < FIRST_KEPT + len(kept) for fd in high):
        high = [os.dup(fd) for fd in high]
    for at, fd in enumerate(high):
        os.dup2(fd, FIRST_KEPT + at)
    os.closerange(FIRST_KEPT + len(kept), os.sysconf("SC_OPEN_MAX"))
    return tuple(range(FIRST_KEPT, FIRST_KEPT + len(kept)))


def apply_limits(limits: dict[str, int]) -> None:
    """Set resource limits, soft and hard, by their names in the resource module ("RLIMIT_AS")."""
    for name, value in limits.items():
        _, hard = resource.getrlimit(getattr(resource, name))
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(getattr(resource, name), (bound, bound))
