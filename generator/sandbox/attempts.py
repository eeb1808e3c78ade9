"""Trying, from inside a case, what no case may do. What each attempt achieved is its result.

Runs only in a child of ours that is confined like any other, so `doctor` and every record can say
which layers hold by what happened rather than by what was asked for.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PTRACE_SEIZE = 0x4206


def run(targets: Mapping[str, Any]) -> dict[str, str]:
    """What each attempt achieved, "" where it failed as it should.

    targets: secret (a world-readable file outside), folder (the run's), judge (its process
    number), uid (the judge's user), kept (how many descriptors are ours), memory (bytes allowed).
    """
    tried: dict[str, Callable[[], str]] = {
        "read": lambda: _read(targets["secret"]),
        "see": lambda: f"{targets['secret']} exists" if Path(targets["secret"]).exists() else "",
        "write": lambda: _write(targets["folder"], "/tmp", "/dev/shm", "/var/tmp"),  # noqa: S108
        "attributes": lambda: _attributes(targets["secret"]),
        "sockets": _sockets,
        "fork": _fork,
        "exec": lambda: f"ran {subprocess.run([sys.executable, '-c', ''], check=True).args[0]}",
        "memory": lambda: _memory((targets["judge"], os.getppid())),
        "signals": lambda: _signals((targets["judge"], os.getppid())),
        "user": lambda: f"user {os.getuid()}" if os.getuid() in {0, targets["uid"]} else "",
        "numbers": lambda: "" if os.getpid() == 1 else f"process number {os.getpid()}",
        "descriptors": lambda: _descriptors(targets["kept"]),
        "limits": lambda: _limits(targets["memory"]),
        "threads": _threads,
    }
    return {name: _outcome(attempt) for name, attempt in tried.items()}


def _outcome(attempt: Callable[[], str]) -> str:
    try:
        return attempt()
    except (OSError, MemoryError, subprocess.SubprocessError):
        return ""


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        return f"read {len(file.read())} bytes"


def _write(*folders: str) -> str:
    for folder in folders:
        try:
            Path(folder, "sandbox-attempt").write_bytes(b"x")
        except OSError:
            continue
        return f"wrote in {folder}"
    return ""


def _attributes(path: str) -> str:
    Path(path).chmod(0o644)
    return "changed the mode of a file outside"


def _sockets() -> str:
    for family, kind in (
        (socket.AF_INET, socket.SOCK_STREAM),
        (socket.AF_INET, socket.SOCK_DGRAM),
        (socket.AF_UNIX, socket.SOCK_STREAM),
    ):
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        return f"made a socket of {family.name}"
    return ""


def _fork() -> str:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return f"made process {pid}"


def _memory(pids: tuple[int, ...]) -> str:
    """Another process's memory, by /proc and by ptrace."""
    libc = ctypes.CDLL(None, use_errno=True)
    attach = getattr(libc, "ptrace", None)
    for pid in pids:
        try:
            with Path(f"/proc/{pid}/mem").open("rb"):
                return f"opened /proc/{pid}/mem"
        except OSError:
            pass
        if attach is not None and attach(PTRACE_SEIZE, pid, None, None) == 0:
            return f"attached to process {pid}"
    return ""


def _signals(pids: tuple[int, ...]) -> str:
    for pid in (pid for pid in pids if pid > 1):
        try:
            os.kill(pid, 0)
        except OSError:
            continue
        return f"could signal process {pid}"
    return ""


def _descriptors(kept: int) -> str:
    extra = []
    for fd in range(kept, resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        try:
            os.fstat(fd)
        except OSError:
            continue
        extra.append(fd)
    return f"inherited {extra}" if extra else ""


def _limits(memory: int) -> str:
    return f"allocated {len(bytearray(memory))} bytes"


def _threads() -> str:
    """Threads are allowed; this one attempt must work."""
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append("a thread ran"))
    try:
        thread.start()
    except RuntimeError:
        return ""
    thread.join()
    return done[0]
