"""The numbers of the guide's pages: what its regions are filled with, from results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.render import env
from generator.render.gpu import mapping, number, numbers, sequence, texts, timing
from generator.render.site import Site

REGIONS = {
    "docs/guide/gpu.md": ("fuse-speed", "fuse-strength"),
    "docs/guide/judges.md": ("probes",),
}


def region(document: str, name: str, site: Site) -> str:
    """The content of one region, ending in a line feed."""
    return env.page(
        f"guide/{name}.md.j2",
        document.removeprefix("docs/"),
        speed=speed(site.results.rooflines.get("fuse", {})),
        strength={row.challenge: row for row in site.results.strength}.get("fuse"),
        probes=site.results.probes,
    )


def speed(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is recorded of the reference kernel of `fuse`; an absent number is None.

    `shares` holds, by shape, those of every process that was timed, the smallest first.
    """
    shapes = [mapping(shape) for shape in sequence(record.get("shapes"))]
    device = texts(record.get("device"))
    runs = [numbers(run) for run in sequence(record.get("shares_of_processes"))]
    return {
        "device": device.get("name", "GPU"),
        "driver": device.get("driver_version", "not recorded"),
        "nvcc": texts(record.get("compiler")).get("nvcc", "not recorded"),
        "processes": len(runs),
        "roof": number(record.get("roof_bytes_per_second")),
        "shapes": [measured(shape) for shape in shapes],
        "shares": [sorted(share) for share in zip(*runs, strict=False)],
    }


def measured(shape: Mapping[str, Any]) -> dict[str, Any]:
    """One shape's numbers: milliseconds, shares of two roofs, and libraries beside it."""
    times = mapping(shape.get("times_as_fast_as"))
    kernel = mapping(shape.get("kernel"))
    return {
        "shape": timing(shape).shape,
        "n": kernel.get("n"),
        "milliseconds": number(kernel.get("median_ms")),
        "share": number(shape.get("share")),
        "share_same_size": number(shape.get("share_same_size")),
        "torch": number(times.get("torch")),
        "torch_compiled": number(times.get("torch_compiled")),
    }
