"""What a command takes, in a process of its own, with its children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.record import Cost

WATCH = Path(__file__).with_name("watch.py")
MEGABYTE = 10**6


class Failed(Exception):
    """A command that was to be measured did not work, and the last lines it printed."""

    @property
    def last(self) -> str:
        """The very last of them."""
        return str(self).strip().splitlines()[-1].strip()


def measure(command: Sequence[str], folder: Path, limit: float = 0) -> Cost:
    """Run a command in `folder`; its cost. Raises Failed if it exits with an error.

    limit: seconds after which it and its children are stopped, as the cost then says; 0 for none.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.json"
        done = subprocess.run(
            [sys.executable, str(WATCH), str(result), str(limit), *command],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = "\n".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        found = json.loads(result.read_text()) if result.exists() else {"code": done.returncode}
    if found["code"]:
        raise Failed(f"{' '.join(command)}: exit {found['code']}\n{said}")
    return Cost(
        seconds=round(found["seconds"], 3),
        cpu_seconds=round(found["cpu"], 3),
        peak_mb=round(found["peak"] / MEGABYTE, 1),
        ended=found["code"] is not None,
    )


def environment() -> dict[str, str]:
    """One thread a process for linear algebra, no notices of MkDocs' theme, bytecode kept."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return own | {"OPENBLAS_NUM_THREADS": "1", "NO_MKDOCS_2_WARNING": "1"}
