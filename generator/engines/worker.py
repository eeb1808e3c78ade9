"""What every engine's worker process does: verify one run, with a runtime that it opens once."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from contextlib import ExitStack
from multiprocessing.util import Finalize

from generator.data import Evidence
from generator.leftovers import own_folder, sweep_folders
from generator.runtimes import Runtime, open_runtime
from generator.runtimes.python import OWN_TEST_LIMITS
from generator.sandbox import WeakIsolation
from generator.verify import Task, verify

# What a worker takes beside the case: the judge with its float64 references, the zygote, and what
# the sandbox adds to a case's limit for the interpreter and the scratch folder.
BESIDE_A_CASE_MB = 1000
SMALLEST_NEED_MB = OWN_TEST_LIMITS.memory_mb + BESIDE_A_CASE_MB
ATTEMPTS = 2  # a worker that dies may have been unlucky; twice is the run's doing
DIED = f"its worker was killed {ATTEMPTS} times (too little memory?)"

_resources = ExitStack()
_opened: dict[str, Runtime] = {}


def needs_mb(task: Task) -> int:
    """The memory that verifying a run may take: one case or one of its author's tests at a time."""
    return max(task.challenge.limits.memory_mb + BESIDE_A_CASE_MB, SMALLEST_NEED_MB)


def verify_task(task: Task) -> Evidence:
    """Verify one run in this process."""
    return verify(task, _runtime(task.challenge.runtime, accept_weak=task.accept_weak))


def _runtime(name: str, *, accept_weak: bool) -> Runtime:
    """The worker's runtime of this kind, opened once and closed when the worker ends."""
    settle()
    if name not in _opened:
        _opened[name] = _resources.enter_context(open_runtime(name, accept_weak=accept_weak))
    return _opened[name]


@functools.cache
def settle() -> None:
    """Keep this process's temporary files in a folder of its own, and clean up when it ends."""
    sweep_folders()
    folder, lock = own_folder()
    tempfile.tempdir = str(folder)
    _resources.callback(os.close, lock)
    _resources.callback(shutil.rmtree, folder, ignore_errors=True)
    Finalize(None, _resources.close, exitpriority=10)


def one_line(error: BaseException) -> str:
    """An error of ours as one line."""
    if isinstance(error, WeakIsolation):
        return (
            f"isolation is too weak here ({error}); --accept-weak-isolation verifies all the same"
        )
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
