"""What a CUDA record holds beyond its cases: compiler, repairs, sanitizers, timings.

These parts of a record are free-form (Evidence.extra), so each is read with care: what is absent
or of another shape is left out, and never an error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.data import Evidence


@dataclass(frozen=True)
class Repaired:
    """What a mechanical repair made of an output that does not compile; never its verdict."""

    rungs: tuple[str, ...]
    verdict: str
    note: str
    errors: tuple[str, ...]
    diff: str


@dataclass(frozen=True)
class Timing:
    """One shape: rows by vocabulary, K; milliseconds; share of what the memory can deliver."""

    shape: str
    milliseconds: float | None
    share: float | None
    note: str


@dataclass(frozen=True)
class Gpu:
    """All of it, for one record."""

    compiler: dict[str, str]
    device: dict[str, str]
    errors: tuple[str, ...]
    repaired: Repaired | None
    sanitizer: dict[str, str]
    timings: tuple[Timing, ...]
    roof: float | None
    failed: str


def gpu(evidence: Evidence) -> Gpu | None:
    """The CUDA part of a record; None where it has none."""
    extra = evidence.extra
    if "compiler" not in extra:
        return None
    beside = mapping(extra.get("repaired"))
    measured = mapping(extra.get("timing")) or mapping(beside.get("timing"))
    return Gpu(
        compiler=texts(extra.get("compiler")),
        device=texts(extra.get("device")),
        errors=lines(extra.get("errors")),
        repaired=repaired(beside) if beside else None,
        sanitizer=texts(extra.get("sanitizer")) or texts(beside.get("sanitizer")),
        timings=tuple(timing(mapping(shape)) for shape in sequence(measured.get("shapes"))),
        roof=number(measured.get("roof_bytes_per_second")),
        failed=str(measured.get("failed", "")),
    )


def repaired(found: Mapping[str, Any]) -> Repaired:
    """The repaired file's own outcome."""
    passed, failed = found.get("passed"), mapping(found.get("failed"))
    count = f"{passed} cases passed, {len(failed)} failed" if passed is not None else ""
    return Repaired(
        rungs=lines(found.get("rungs")),
        verdict=str(found.get("verdict", "")),
        note=str(found.get("note", "")) or count,
        errors=lines(found.get("errors")),
        diff=str(found.get("diff", "")),
    )


def timing(shape: Mapping[str, Any]) -> Timing:
    """One shape's times."""
    name = f"{shape.get('rows', '?')} x {shape.get('V', '?')}, K = {shape.get('K', '?')}"
    kernel = mapping(shape.get("kernel"))
    note = str(shape.get("refused", "") or shape.get("rejected", ""))
    return Timing(name, number(kernel.get("median_ms")), number(shape.get("share")), note)


BESIDE = {"torch": "PyTorch", "torch_compiled": "PyTorch, compiled", "cupy": "CuPy"}


def baselines(record: Mapping[str, Any]) -> list[tuple[str, tuple[Timing, ...]]]:
    """Our own kernel and the libraries timed beside it, each with its share of the same roof."""
    shapes = [mapping(shape) for shape in sequence(record.get("shapes"))]
    rate = number(record.get("roof_bytes_per_second"))
    rows = [("our reference", tuple(timing(shape) for shape in shapes))]
    for key, name in BESIDE.items():
        times = tuple(beside(shape, key, rate) for shape in shapes if key in shape)
        rows.append((name, times))
    return [row for row in rows if row[1]]


def beside(shape: Mapping[str, Any], key: str, rate: float | None) -> Timing:
    """One library on one shape; its share counts the same bytes as the kernel's."""
    ms, size = number(mapping(shape.get(key)).get("median_ms")), number(shape.get("bytes"))
    share = 1000 * size / ms / rate if ms and size and rate else None
    return Timing(timing(shape).shape, ms, share, "")


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """The value if it is a list, otherwise an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def texts(value: object) -> dict[str, str]:
    """A mapping's items as text."""
    return {str(key): str(item) for key, item in mapping(value).items()}


def lines(value: object) -> tuple[str, ...]:
    """A list's items as text."""
    return tuple(str(item) for item in sequence(value))


def number(value: object) -> float | None:
    """The value if it is a number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None  # so NaN is none either


def numbers(value: object) -> list[float]:
    """Those of a list's items that are numbers."""
    return [found for item in sequence(value) if (found := number(item)) is not None]
