"""What this machine can run and what not: every answer is found by trying, never by a version."""

from __future__ import annotations

import importlib
import shutil

from generator.data import Layer


def examine() -> list[Layer]:
    """One line per ability: isolation layers first, then runtimes, then tools."""
    from generator.sandbox import probe

    libraries = [library(name) for name in ("numpy", "mlx.core", "ray", "submitit")]
    return [*probe(), *libraries, gpu(), tool("nvcc"), tool("chromium"), at_once()]


def at_once() -> Layer:
    """How many runs can be verified at once."""
    from generator.engines.machine import cores, free_mb
    from generator.engines.worker import SMALLEST_NEED_MB

    fit = free_mb() // SMALLEST_NEED_MB
    note = f"{min(cores(), fit)}: {cores()} cores, memory for {fit} ({free_mb():,} MB free)"
    return Layer(name="runs at once", enforced=fit > 0, note=note)


def library(name: str) -> Layer:
    """Whether a library can be imported."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        return Layer(name=name, enforced=False, note=str(error))
    return Layer(name=name, enforced=True)


def gpu() -> Layer:
    """Whether CuPy finds a device to run CUDA kernels on."""
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # noqa: BLE001 - a missing driver shows as any of several errors
        return Layer(
            name="CUDA device", enforced=False, note=f"{type(error).__name__}: {error}"[:160]
        )
    return Layer(name="CUDA device", enforced=count > 0, note=f"{count} found")


def tool(name: str) -> Layer:
    """Whether a program is on the PATH."""
    found = shutil.which(name)
    return Layer(name=name, enforced=bool(found), note=found or "not on the PATH")
