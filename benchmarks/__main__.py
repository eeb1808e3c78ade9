"""Measure everything: `make bench`, or `python -m benchmarks --sizes 35 350`.

Peers are measured in the same run where an interpreter that has them is named: PEERS_PYTHON (human-
eval, EvalPlus) and INSPECT_PYTHON (Inspect). What is not installed is left out, and that is said.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks.record import Bench
from benchmarks.run import measured
from benchmarks.session import Plan
from benchmarks.tables import machine, page, tables
from generator.files import write
from generator.render.regions import marked

PROJECT = Path(__file__).resolve().parent.parent
RECORDS = PROJECT / "docs" / "records"
PAGE = PROJECT / "docs" / "guide" / "performance.md"
LAST = PROJECT / ".cache" / "bench.json"


def main() -> None:
    """Measure, print the tables, and keep the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[35, 350, 3500], help="runs")
    parser.add_argument("--shipped", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--limit", type=float, default=900, help="seconds for MkDocs")
    parser.add_argument("--scratch", type=Path, help="keep the corpora in this folder")
    parser.add_argument(
        "--record",
        nargs="?",
        const="bench",
        help="also for docs/guide/performance.md, whose region of this name is filled",
    )
    parser.add_argument("--fill", action="store_true", help="only write that page from its records")
    given = parser.parse_args()
    if not given.fill:
        with tempfile.TemporaryDirectory(prefix="bench-") as own:
            found = measured(plan(given, given.scratch or Path(own)))
        text = found.model_dump_json(indent=1) + "\n"
        write(LAST, text)
        if given.record:
            write(RECORDS / f"{given.record}.json", text)
        show(found)
    if given.record or given.fill:
        write(PAGE, filled(PAGE.read_text(encoding="utf-8")))


def plan(given: argparse.Namespace, scratch: Path) -> Plan:
    """What the options and the environment ask for."""
    return Plan(
        scratch=scratch.resolve(),
        shipped=given.shipped,
        anew=bool(given.record),
        sizes=tuple(sorted(given.sizes)),
        limit=given.limit,
        peers=os.environ.get("PEERS_PYTHON", sys.executable),
        inspect=os.environ.get("INSPECT_PYTHON", sys.executable),
    )


def show(found: Bench) -> None:
    """Print every table, and what they were measured on."""
    console = Console()
    for table in tables(found):
        console.print(table.rich())
    console.print(machine(found), markup=False)


def load(record: Path) -> Bench:
    """A recorded benchmark; raises OSError or pydantic's ValidationError."""
    return Bench.model_validate_json(record.read_bytes())


def filled(text: str) -> str:
    """The page with each region of measured numbers filled anew from the record of its name."""
    for record in RECORDS.glob("bench*.json"):
        if region := marked(record.stem).search(text):
            numbers = page(load(record), record.name)
            text = text[: region.start(2)] + numbers + text[region.end(2) :]
    return text


if __name__ == "__main__":
    main()
