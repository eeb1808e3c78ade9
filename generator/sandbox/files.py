"""Landlock: only the listed paths can be read, and only the listed ones written (Linux 5.13+).

The kernel interface is that of the landlockpy package, which tracks its versions; rights that the
running kernel does not know are left out by it. landlock(7) describes what each version adds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import Any, Protocol


class Ruleset(Protocol):
    """What is needed of a ruleset: enforce it, for good, on the calling thread and its children."""

    def restrict(self) -> None:
        """Enforce. Raises OSError."""


def ruleset(readable: Iterable[str], writable: Iterable[str] = ()) -> Ruleset:
    """Rules for reading below `readable` and everything but devices below `writable`.

    Paths that do not exist are left out. TCP, abstract sockets and signals to processes outside are
    denied where the kernel can. Raises OSError or ImportError where there is no Landlock.
    """
    from landlockpy import AccessFS, Ruleset, Scope

    rules = Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL)
    read = AccessFS.READ_FILE | AccessFS.READ_DIR
    made = AccessFS.MAKE_REG | AccessFS.MAKE_DIR | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR
    write = read | made | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    for paths, access in ((readable, read), (writable, write)):
        for path in paths:
            _allow(rules, path, access)
    return rules


def _allow(rules: Any, path: str, access: Any) -> None:
    """Add one rule; a file takes no rights that are about folders."""
    from landlockpy import AccessFS

    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    of_files = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    rules.allow_path(path, access if stat.S_ISDIR(mode) else access & of_files)
