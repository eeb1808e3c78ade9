"""The reference kernel's timings stand beside the outputs' on a challenge's page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.records import Store
from generator.render import charts
from generator.render.gpu import mapping, sequence, timing
from generator.render.guide import speed
from generator.runtimes.cuda.roofline import median_process
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


@pytest.mark.parametrize("odd", [10**400, float("nan"), [1.0], "fast", None, True, {}])
def test_what_is_no_number_is_left_out(odd: object) -> None:
    """A record that a hand has changed stops no page."""
    shape = {"kernel": {"median_ms": odd, "n": odd}, "share": odd}
    read = speed({"shapes": [shape], "roof_bytes_per_second": odd, "shares_of_processes": [[odd]]})
    assert (read["roof"], read["shares"], read["shapes"][0]["milliseconds"]) == (None, [], None)


def test_what_beats_the_memory_is_rejected() -> None:
    """A kernel that seems faster than reading its input was not measured on that work."""
    fast = {"rows": 1, "V": 1, "K": 1, "bytes": 1000, "roof": {"median_ms": 1.0}}
    fast |= {"kernel": {"median_ms": 0.5}}
    made = with_ratios({"roof": {"median_ms": 1.0, "bytes": 1000}, "shapes": [fast]})
    assert made["shapes"][0]["rejected"]


def test_the_median_process_is_recorded() -> None:
    """Of three processes the one in the middle counts, and the shares of all are kept."""
    runs = [{"shapes": [{"share": 0.1}, {"share": 0.2}, {"share": at}]} for at in (0.9, 0.7, 0.8)]
    record = median_process(runs)
    assert record["shapes"][2]["share"] == 0.8
    assert [shares[2] for shares in record["shares_of_processes"]] == [0.7, 0.8, 0.9]


def test_a_process_that_failed_makes_no_record() -> None:
    """Shares of the processes that happened to work are not a measurement."""
    with pytest.raises(RuntimeError, match="timeout"):
        median_process([{"shapes": []}, {"failed": "timeout: 240 s"}])
