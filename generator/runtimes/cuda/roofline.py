"""The reference kernel against the read roof, PyTorch, compiled PyTorch and CuPy.

Each measurement is one process, and several processes differ by a percent or two; the record holds
the one that is the median in the kernel's share of the roof, and the shares of all of them.

Run on a machine with a GPU as `python -m generator.runtimes.cuda.roofline`; it writes
docs/records/roofline/<challenge>.json. All that runs here is our own, so it runs without a sandbox.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.discover import load_challenges
from generator.files import write
from generator.kernel_tests import digest_of
from generator.runtimes.cuda import workspace
from generator.runtimes.cuda.build import build
from generator.runtimes.cuda.compiler import Compiler, architecture
from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.device import compiler_version, device, no_device
from generator.runtimes.cuda.timing import SHAPES, timing

ROOT = Path(__file__).resolve().parents[3]
PROCESSES = 5
DECIDING = SHAPES.index((1024, 128256, 32))  # limited by the memory alone


class Unconfined(Confinement):
    """Our own kernel, with PyTorch and its compiler beside it: nothing to confine."""

    def kernel(
        self,
        command: list[str],
        job: Any,
        reply: Any,
        printed: Any,
        seconds: float,
        output: int,  # noqa: ARG002 - the interface's; no limit is put on our own
    ) -> int | None:
        """Run the command as it is."""
        try:
            ended = subprocess.run(
                command, stdin=job, stdout=reply, stderr=printed, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        return ended.returncode


def measure(slug: str) -> dict[str, Any]:
    """The record of one challenge's reference kernel; raises RuntimeError if it cannot be had."""
    challenge = load_challenges(ROOT / "challenges")[slug]
    folder = ROOT / "challenges" / slug
    with workspace() as (work, confinement):
        compiler = Compiler(folder, work / "build", confinement)
        built = build(compiler, challenge, "reference.cu", [k for *_, k in SHAPES])
        roof = compiler.ours(folder / "roof.cu").library
        if built.libraries is None or roof is None:
            raise RuntimeError(built.errors or built.reason or "the roof kernel does not compile")
        confined = Unconfined(work)
        runs = [timing(built.libraries, roof, confined, baselines=True) for _ in range(PROCESSES)]
    sources = [
        folder / name for name in ("reference.cu", "topk_list.cuh", "online_softmax.cuh", "roof.cu")
    ]
    return {
        "schema_version": 1,
        "challenge": slug,
        "device": device(),
        "compiler": {"nvcc": compiler_version(), "architecture": architecture()},
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sources": digest_of(sources, folder),
        **median_process(runs),
    }


def median_process(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The process whose share on the deciding shape is the median, with the shares of every one.

    runs: an odd number of what `timing` returns; raises RuntimeError if one of them failed.
    """
    if failed := [run["failed"] for run in runs if "failed" in run]:
        raise RuntimeError(failed[0])
    ordered = sorted(runs, key=lambda run: float(run["shapes"][DECIDING]["share"]))
    shares = [[shape["share"] for shape in run["shapes"]] for run in ordered]
    return {**ordered[len(ordered) // 2], "shares_of_processes": shares}


def main() -> None:
    """Measure, record and print one line per shape."""
    if reason := no_device():
        sys.exit(f"error: {reason}")
    record = measure("fuse")
    write(ROOT / "docs" / "records" / "roofline" / "fuse.json", json.dumps(record, indent=1) + "\n")
    for shape in record["shapes"]:
        sys.stdout.write(json.dumps(shape) + "\n")


if __name__ == "__main__":
    main()
