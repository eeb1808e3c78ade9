"""A challenge's driver and adapters as the sandboxed child has them: joined, each one module."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from challenges.kit import Case
from generator.kernel_tests import adapter_sources, driver_source
from generator.trial import executed


def driver_of(folder: Path) -> dict[str, Any]:
    """What the driver of the challenge in this folder defines."""
    return executed(driver_source(folder), "kernel_driver")


def adapter_of(folder: Path, name: str) -> dict[str, Any]:
    """What one of its adapters defines."""
    return executed(adapter_sources(folder / "adapters")[name], "adapter")


def passes(tests: ModuleType, driver: dict[str, Any], entry: Any, case: Case) -> bool:
    """Whether a case of some kernel tests passes for what `entry` offers."""
    got = [driver["drive"](entry, call) for call in case.calls]
    return all(finding.ok for finding in tests.check(case, got))
