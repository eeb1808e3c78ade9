"""The reference kernel's timings stand beside the outputs' on a challenge's page."""

from __future__ import annotations

import json
from pathlib import Path

from generator.records import Store
from generator.render import charts
from generator.render.gpu import mapping, sequence, timing
from generator.runtimes.cuda.timing import with_ratios


def test_the_recorded_shapes_make_a_row_of_the_chart(tmp_path: Path) -> None:
    """What the child measured becomes ratios, a record, and dots on the roofline."""
    times = {"median_ms": 2.0, "q1_ms": 1.9, "q3_ms": 2.1, "n": 31}
    shape = {"rows": 4, "V": 8, "K": 2, "bytes": 1000, "roof": {"median_ms": 1.0}, "kernel": times}
    measured = with_ratios({"roof": {"median_ms": 1.0, "bytes": 1000}, "shapes": [shape]})
    (tmp_path / "roofline").mkdir()
    (tmp_path / "roofline" / "fuse.json").write_text(json.dumps(measured))
    record = Store(tmp_path).rooflines()["fuse"]
    ours = [timing(mapping(found)) for found in sequence(record["shapes"])]
    chart = charts.roofline([("ours", ours)])
    assert chart is not None
    assert [dot["share"] for dot in chart["rows"][0]["dots"]] == [0.5]


def test_what_beats_the_memory_is_rejected() -> None:
    """A kernel that seems faster than reading its input was not measured on that work."""
    fast = {"rows": 1, "V": 1, "K": 1, "bytes": 1000, "roof": {"median_ms": 1.0}}
    fast |= {"kernel": {"median_ms": 0.5}}
    made = with_ratios({"roof": {"median_ms": 1.0, "bytes": 1000}, "shapes": [fast]})
    assert made["shapes"][0]["rejected"]
