"""The primitives that take rights away from the calling process. None can be undone.

Everything here is usable by itself: a runtime that executes a program per sample (CUDA) calls these
between fork and exec. Needs only the standard library. Linux only where it says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import resource
from collections.abc import Iterator

FIRST_KEPT = 3
CLONE_NEWPID = 0x20000000
MS_NOSUID, MS_NODEV, MS_REMOUNT = 2, 4, 32
PR_SET_DUMPABLE, PR_SET_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 36, 38
CAPABILITY_VERSION = 0x20080522


def keep_descriptors(*kept: int) -> tuple[int, ...]:
    """Close every descriptor but 0, 1, 2 and these, which become 3, 4, ...; return the new ones."""
    above = FIRST_KEPT + len(kept)
    high = [os.dup(fd) for fd in kept]
    while any(fd < above for fd in high):
        high = [os.dup(fd) for fd in high]
    for at, fd in enumerate(high):
        os.dup2(fd, FIRST_KEPT + at)
    os.closerange(above, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return tuple(range(FIRST_KEPT, above))


def apply_limits(limits: dict[str, int]) -> None:
    """Set resource limits, soft and hard, by their names in the resource module ("RLIMIT_AS").

    Units are those of setrlimit(2): bytes, seconds, counts. A lower hard limit that is already set
    stays. RLIMIT_AS breaks CUDA: leave it out there, and bound memory with a cgroup.
    """
    for name, value in limits.items():
        _, hard = resource.getrlimit(getattr(resource, name))
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(getattr(resource, name), (bound, bound))


def drop_user(uid: int) -> None:
    """Become this user for good, with no supplementary group. Needs root. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Give up every capability of this process (Linux). Raises OSError."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _checked(_libc().capset(header, (ctypes.c_uint32 * 6)()))


def no_new_privileges() -> None:
    """No exec may raise rights from now on (Linux). Raises OSError."""
    _checked(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def not_dumpable() -> None:
    """Other processes of the same user may not read this one's memory (Linux); else nothing."""
    with contextlib.suppress(OSError, AttributeError):
        _checked(_libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process (Linux). Raises OSError."""
    _checked(_libc().prctl(PR_SET_SUBREAPER, 1, 0, 0, 0))


def bound_files(folder: str, most: int) -> None:
    """No more files and folders than this in a tmpfs that is mounted there. Raises OSError.

    Its size does not bound them: an empty file takes a kilobyte of memory that nothing counts.
    """
    flags = MS_REMOUNT | MS_NOSUID | MS_NODEV
    _checked(_libc().mount(None, folder.encode(), None, flags, f"nr_inodes={most}".encode()))


@contextlib.contextmanager
def children_in_a_namespace() -> Iterator[None]:
    """A child forked in here is process 1 of a namespace of its own; all in it die with it.

    Needs Linux 5.8 and CAP_SYS_ADMIN. In the child, leaving changes nothing. Raises OSError.
    """
    before = os.getpid()
    ourselves = os.pidfd_open(before)
    try:
        _checked(_libc().unshare(CLONE_NEWPID))
        yield
        if os.getpid() == before:
            _checked(_libc().setns(ourselves, CLONE_NEWPID))
    finally:
        os.close(ourselves)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
