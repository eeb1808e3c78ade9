"""What a benchmark was measured on, without anything that names the machine or its owner."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.record import Machine
from generator.engines.machine import cores

LIBRARIES = ("numpy", "pydantic", "mkdocs", "mkdocs-material")


def machine(load_before: float, peers: dict[str, str]) -> Machine:
    """This machine; its load now is the one after. peers: by package, the interpreter to ask."""
    return Machine(
        cores=cores(),
        processor=processor(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        versions=versions(sys.executable, LIBRARIES)
        | {name: found for peer in peers for name, found in versions(peers[peer], (peer,)).items()},
        load=(round(load_before, 1), round(os.getloadavg()[0], 1)),
    )


def versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """The versions of some packages in an interpreter; of none, where one is not installed."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run(
        [python, "-c", code, *packages], capture_output=True, text=True, check=False
    )
    return dict(zip(packages, done.stdout.split(), strict=False))


def processor() -> str:
    """The processor's model, or its architecture where that is not told."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
