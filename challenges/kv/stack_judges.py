"""Judges of decoding: every row against full recomputation, and the lengths reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from challenges.kit import Finding, Oracle, compare, oracle, same, unit_roundoff
from challenges.kv import reference
from challenges.kv.numbers import WEIGHTS, Inputs, real_lengths


def judge_stack(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """The hidden states; where asked, the reported lengths and that inputs are unchanged."""
    y: Any = got.get("y")
    narrow = isinstance(y, np.ndarray) and y.dtype == np.float32
    judged = np.float32 if narrow else call["dtype"]
    expected = oracle(reference.stack, call, baselines=(reference.less_exact_stack,), dtype=judged)
    # Tokens of one row share a scale: each row of the batch is held to its worst token's bound.
    # A score s is known to u |s|, which the softmax turns into a relative error of its weights.
    score = reference.largest_score(call["x"], call["w_q"][0], call["w_k"][0], call["num_heads"])
    rounding = 8 * unit_roundoff(judged) * score * np.abs(expected.answer["y"])
    allowed = expected.allowed["y"] + rounding.max(axis=-1, keepdims=True)
    allowed = np.broadcast_to(allowed.max(axis=2, keepdims=True), allowed.shape)
    start = call["judged_from"]
    tail = Oracle({"y": expected.answer["y"][:, :, start:]}, {"y": allowed[:, :, start:]})
    whole = isinstance(y, np.ndarray) and y.shape == call["x"].shape
    yield compare("y", y[:, :, start:] if whole else y, tail)
    if call["report"]:
        yield from judge_lengths(call, got.get("lengths"))
    if call["inputs"]:
        for name in ("x", *WEIGHTS):
            yield same(f"{name} after the call", got.get(f"{name}_after"), call[name])


def judge_lengths(call: Inputs, got: Any) -> Iterator[Finding]:
    """The lengths reported after each chunk."""
    reports = got if isinstance(got, list) else []
    for number, expected in enumerate(np.cumsum(real_lengths(call), axis=0)):
        report = reports[number] if number < len(reports) else None
        yield same(f"lengths after chunk {number}", report, expected)
