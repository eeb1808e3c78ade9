"""Seccomp: system calls that no kernel of ours needs fail (Linux, x86_64 and aarch64).

The filter is built with the seccompy package, which knows the numbers; it kills a process that
switches to a foreign instruction set, and the calls of the x32 interface, which share the native
one's identity, are listed here. Denied calls return EPERM, so that code which merely tries goes on.
"""

from __future__ import annotations

import contextlib
import errno
from typing import Any, Protocol

CLONE_THREAD = 0x10000
# F_SETOWN, F_SETSIG, F_SETOWN_EX and F_NOTIFY: signals that a file sends; F_SETLEASE: whoever opens
# the file next has to wait.
FCNTLS = (8, 10, 15, 1026, 1024)
# FS_IOC_SETFLAGS, _SETVERSION, _FSSETXATTR and _ENABLE_VERITY change a file through a descriptor
# for reading; TIOCSTI and TIOCLINUX type into a terminal.
IOCTLS = (0x40086602, 0x40087602, 0x401C5820, 0x40806685, 0x5412, 0x541C)
X32 = 0x40000000
X32_ONLY = range(512, 548)  # calls that only x32 has, exec and ptrace among them

SOCKETS = "socket socketpair connect bind listen accept accept4 sendmmsg"
PROCESSES = "execve execveat fork vfork"
OTHERS = (
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp "
    "pidfd_open pidfd_getfd pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo tkill"
)
KERNEL = (
    "io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd keyctl "
    "add_key request_key fanotify_init init_module finit_module delete_module kexec_load "
    "kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd syslog personality "
    "io_setup inotify_init inotify_init1"  # the last three: their number is limited for all users
)
NAMESPACES = (
    "unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount "
    "fspick mount_setattr open_tree_attr open_by_handle_at name_to_handle_at sethostname "
    "setdomainname statmount listmount listns"
)
SCHEDULING = (
    "setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr move_pages "
    "migrate_pages splice vmsplice tee sync syncfs modify_ldt iopl ioperm"
)
CLOCKS = "settimeofday clock_settime adjtimex clock_adjtime"
UNBOUNDED_MEMORY = "memfd_create memfd_secret shmget shmat msgget semget mq_open"
OF_OTHERS = (
    "shmctl shmdt msgctl msgsnd msgrcv semctl semop semtimedop mq_unlink"  # by their numbers
)
ATTRIBUTES = (
    "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat setxattr lsetxattr fsetxattr "
    "setxattrat file_setattr removexattr lremovexattr fremovexattr removexattrat utime utimes "
    "futimesat utimensat truncate link linkat"
)
BY_ARGUMENT = (
    "kill",
    "tgkill",
    "prlimit64",
    "sched_setaffinity",
    "fcntl",
    "ioctl",
    "clone",
    "clone3",
)
DENIED = " ".join(
    (
        SOCKETS,
        PROCESSES,
        OTHERS,
        KERNEL,
        NAMESPACES,
        SCHEDULING,
        CLOCKS,
        UNBOUNDED_MEMORY,
        OF_OTHERS,
        ATTRIBUTES,
    )
).split()


class Filter(Protocol):
    """What is needed of a filter: load it, for good, into the calling thread."""

    def load(self) -> object:
        """Enforce. Raises OSError."""


def filter_for(pid: int) -> Filter:
    """The filter for a process that has this number in its own namespace (1 in a fresh one).

    Threads may be made, processes not; signals reach nobody but the process itself. Raises OSError
    or ImportError where there is no seccomp.
    """
    from seccompy import ArgCmp, CmpOp, Filter, UnsupportedError, supported

    if not supported():  # also has the library find libc now rather than in every child
        raise UnsupportedError("the kernel has no seccomp filters")
    made = Filter()
    for name in DENIED:
        _deny(made, name)
    for call, only in {"kill": pid, "tgkill": pid, "prlimit64": 0, "sched_setaffinity": 0}.items():
        made.errno(call, errno.EPERM, args=[ArgCmp(0, CmpOp.NE, only)])
    for call, commands in {"fcntl": FCNTLS, "ioctl": IOCTLS}.items():
        for command in commands:  # the kernel looks at the lower half alone
            masked = ArgCmp(1, CmpOp.MASKED_EQ, command, mask=0xFFFFFFFF)
            made.errno(call, errno.EPERM, args=[masked])
    not_a_thread = ArgCmp(0, CmpOp.MASKED_EQ, 0, mask=CLONE_THREAD)
    made.errno("clone", errno.EPERM, args=[not_a_thread])
    made.errno("clone3", errno.ENOSYS)  # its flags are behind a pointer; libc falls back to clone
    _deny_x32(made)
    _ = made.program  # compile now, once, for every process that loads it
    return made


def _deny(made: Any, name: str) -> None:
    """Deny a call; one that this architecture lacks needs no rule."""
    from seccompy.syscalls import syscall_nr

    with contextlib.suppress(ValueError):
        made.errno(syscall_nr(name), errno.EPERM)


def _deny_x32(made: Any) -> None:
    """The x32 interface numbers its calls apart: deny the same ones there."""
    from seccompy.syscalls import arch, syscall_nr

    if arch() != "x86_64":
        return
    listed = {syscall_nr(name) for name in (*DENIED, *BY_ARGUMENT)}
    for number in sorted(listed | set(X32_ONLY)):
        made.errno(X32 | number, errno.EPERM)
