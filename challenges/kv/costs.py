"""Cases and judges of cost: memory reported truthfully, and work that does not grow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from challenges.kit import Case, Finding, describe, rng
from challenges.kv.numbers import Inputs, number, numbers
from challenges.kv.stack_cases import stack_call
from challenges.kv.storing import store_call


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
    low, high = held * item, 1.25 * allocated * item + 4096
    if got.get("exact") is False:  # no way to say which dtype: any size from one byte to an object
        low, high = held, 64 * allocated
    full, empty, traced, single = (
        number(got.get(n)) for n in ("full", "empty", "traced", "single")
    )
    yield Finding("bytes when written", low <= full <= high, full, high, f"at least {low}")
    yield Finding("bytes when empty", 0 <= empty <= full, empty, full)
    each = abs(full - call["num_layers"] * single)
    yield Finding("bytes of a layer", each <= 0.1 * full + 4096, each, 0.1 * full + 4096)
    most = 8 * allocated * item + 262_144
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
        bound = 4.0 * (
            4 * width**2 + 2 * (before + 8) * width + 10 * heads * (before + 8) + 40 * width
        )
        yield Finding(f"multiply-adds after {before} tokens", found <= bound, found, bound)
    spread = call["before"][1] - call["before"][0]
    growth = (bytecodes[1] - bytecodes[0]) / spread if len(bytecodes) == 2 else np.inf
    bound = 200.0 * width + 2000
    yield Finding("instructions per cached token", growth <= bound, growth, bound)
    far, peak = number(got.get("far")), number(got.get("peak"))
    bound = 12.0 * 8 * far * width + 2**20
    yield Finding(f"bytes allocated by a step after {far:.0f} tokens", peak <= bound, peak, bound)
    step, prefill = number(got.get("step_seconds")), number(got.get("prefill_seconds"))
    fine = step >= 0 and (step <= prefill / 3 or step < 0.004)
    detail = f"{describe(got.get('prefilled'))} tokens prefilled in {prefill:.4f} s"
    yield Finding("seconds of one step", fine, step, max(prefill / 3, 0.004), detail)
