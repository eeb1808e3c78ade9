"""Which GPU is here, and with which driver and compiler."""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess

from generator.runtimes.cuda.compiler import nvcc

FIELDS = ("name", "driver_version", "compute_cap", "memory.total")


@functools.cache
def device() -> dict[str, str]:
    """Name, driver, capability and memory of the first GPU; empty where there is none."""
    try:
        command = ["nvidia-smi", f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        values = [value.strip() for value in asked.stdout.splitlines()[0].split(",")]
    except (OSError, subprocess.SubprocessError, IndexError):
        return {}
    return dict(zip(FIELDS, values, strict=True))


@functools.cache
def compiler_version() -> str:
    """The compiler's release, such as 13.0, or the empty string."""
    if not nvcc():
        return ""
    printed = subprocess.run(
        [nvcc(), "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"release ([\d.]+)", printed)
    return found[1] if found else ""


def no_device() -> str:
    """Why kernels cannot be run here, or the empty string."""
    if not device():
        return "no NVIDIA GPU on this machine"
    if importlib.util.find_spec("cupy") is None:
        return "CuPy is not installed"
    return ""
