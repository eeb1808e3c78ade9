"""Cases and judges of cost: memory reported truthfully, and work that does not grow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from challenges.kit import Case, Finding, describe, rng
from challenges.kv.numbers import Inputs, number, numbers
from challenges.kv.stack_cases import stack_call
from challenges.kv.storing import store_call

# What a cache may report, and hold, beside the keys and values themselves.
BESIDE = 4096  # bytes in a report: lengths and tables
ROUNDED_UP = 1.25  # x what is allocated, in a report: capacity in whole blocks
WIDEST_ITEM = 64  # bytes of a number in a report whose dtype is not ours to choose: an object's
HELD = 8  # x what is allocated, really held: growth by doubling, and a copy or two
HELD_BESIDE = 262_144  # bytes of Python's own objects
# What a step may cost. Recomputed keys and values would take width times as much as is needed.
PRODUCTS = 4.0  # x the multiply-adds that are needed
INSTRUCTIONS = (200.0, 2000)  # per cached token: for each number of it, and besides
ARRAYS = 12  # of the size of the cached keys in float64, allocated by one step
ARRAYS_BESIDE = 2**20  # bytes
OF_PREFILL = 1 / 3  # of a prefill's seconds: recomputing all of it at every step takes all
TOO_QUICK = 0.004  # seconds: a step that takes less is not slow, whatever its prefill took


def cost_cases(seed: int) -> Iterator[Case]:
    """Memory in two unlike configurations and dtypes; work after 32 and after 128 tokens."""
    draw = rng(seed, "cost")
    memory = [
        store_call(draw, [1] * 96, batch=3, heads=2, dim=5, slack=0, op="memory"),
        store_call(draw, [1] * 40, batch=2, heads=3, dim=16, slack=0, op="memory", dtype="float32"),
        store_call(draw, [1] * 16, batch=1, heads=4, dim=8, layers=3, slack=32, op="memory"),
    ]
    for place, call in enumerate(memory):
        yield Case("memory_is_accounted", f"memory_{place}", (call,))
    call = stack_call(draw, [1032], batch=1, heads=4, dim=8)
    call |= {"op": "work", "before": [32, 128], "x": call["x"][0]}
    yield Case("work_per_step_is_linear", "work", (call,))


def judge_memory(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """The report lies between what is held and what is allocated, and grows with the layers."""
    held = call["k"].size + call["v"].size
    allocated = held * call["max_seq_len"] / sum(call["chunks"])
    item = np.dtype(call["dtype"]).itemsize
    low, high = held * item, ROUNDED_UP * allocated * item + BESIDE
    if got.get("exact") is False:  # no way to say which dtype: any size from one byte to an object
        low, high = held, WIDEST_ITEM * allocated
    full, empty, traced, single = (
        number(got.get(n)) for n in ("full", "empty", "traced", "single")
    )
    yield Finding("bytes when written", low <= full <= high, full, high, f"at least {low}")
    yield Finding("bytes when empty", 0 <= empty <= full, empty, full)
    each = abs(full - call["num_layers"] * single)
    bound = 0.1 * full + BESIDE
    yield Finding("bytes of a layer", each <= bound, each, bound)
    most = HELD * allocated * item + HELD_BESIDE
    yield Finding("bytes really held", traced <= most, traced, most)


def judge_work(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """Products within a small factor of what a step needs; bytecodes and seconds rule out the rest.

    A step needs 4 D^2 multiply-adds for its projections and 2 n D for attention over n tokens.
    Recomputed keys and values would add 2 n D^2. Where arrays cannot be counted (plain lists), the
    Python instructions per cached token tell, and in any case one step must cost well under the
    prefill of all the tokens before it.
    """
    width, heads = call["x"].shape[-1], call["num_heads"]
    products, bytecodes = (numbers(got.get(name)) for name in ("products", "bytecodes"))
    for before, found in zip(call["before"], products, strict=False):
        bound = PRODUCTS * (
            4 * width**2 + 2 * (before + 8) * width + 10 * heads * (before + 8) + 40 * width
        )
        yield Finding(f"multiply-adds after {before} tokens", found <= bound, found, bound)
    spread = call["before"][1] - call["before"][0]
    growth = (bytecodes[1] - bytecodes[0]) / spread if len(bytecodes) == 2 else np.inf
    bound = INSTRUCTIONS[0] * width + INSTRUCTIONS[1]
    yield Finding("instructions per cached token", growth <= bound, growth, bound)
    far, peak = number(got.get("far")), number(got.get("peak"))
    bound = ARRAYS * 8.0 * far * width + ARRAYS_BESIDE
    yield Finding(f"bytes allocated by a step after {far:.0f} tokens", peak <= bound, peak, bound)
    step, prefill = number(got.get("step_seconds")), number(got.get("prefill_seconds"))
    bound = max(OF_PREFILL * prefill, TOO_QUICK)
    fine = 0 <= step <= bound
    detail = f"{describe(got.get('prefilled'))} tokens prefilled in {prefill:.4f} s"
    yield Finding("seconds of one step", fine, step, bound, detail)
