"""Timings of a run's kernel against the read roof of the same device in the same process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.execute import Libraries, exchange

SHAPES = ((1, 128256, 32), (64, 50257, 32), (1024, 128256, 32), (1024, 128256, 256))
SECONDS = 240
BELIEVABLE = 1.02  # of the roof; what is above was not measured on the work that was asked for


def timing(
    libraries: Libraries, roof: Path, confinement: Confinement, *, baselines: bool = False
) -> dict[str, Any]:
    """The child's times with ratios added, or {"failed": why}."""
    asked = {"shapes": [list(shape) for shape in SHAPES], "roof": str(roof), "baselines": baselines}
    job = {**libraries.job(), "timing": asked, "no_exec": not baselines}
    reply = exchange(job, 1, SECONDS, 10**6, confinement)
    if reply.status != "done":
        return {"failed": f"{reply.status}: {reply.note} {reply.printed[-300:]}".strip()}
    return with_ratios(reply.outputs[0])


def with_ratios(measured: dict[str, Any]) -> dict[str, Any]:
    """Bytes per second and shares of the roof; what is faster than the roof is marked as rejected.

    share: of the roof measured on a large buffer. share_same_size: of the roof on as many bytes.
    """
    large = measured["roof"]["bytes"] / measured["roof"]["median_ms"]
    return {
        "roof_bytes_per_second": round(1e3 * large),
        "shapes": [_ratios(shape, large) for shape in measured["shapes"]],
    }


def _ratios(shape: dict[str, Any], large: float) -> dict[str, Any]:
    """One shape's record. `large` is the roof in bytes per millisecond."""
    if "kernel" not in shape:
        return shape
    share = shape["bytes"] / shape["kernel"]["median_ms"] / large
    same_size = shape["roof"]["median_ms"] / shape["kernel"]["median_ms"]
    record = {**shape, "share": round(share, 4), "share_same_size": round(same_size, 4)}
    if share > BELIEVABLE:
        record["rejected"] = "faster than the memory can be read"
    others = {
        name: shape[name]["median_ms"]
        for name in ("torch", "torch_compiled", "cupy")
        if name in shape
    }
    times = {name: round(ms / shape["kernel"]["median_ms"], 2) for name, ms in others.items()}
    return {**record, "times_as_fast_as": times}
