"""Judges of layers and embeddings, and of the output's own model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from challenges.kit import Finding, as_float, describe
from challenges.ternary_training import reference
from challenges.ternary_training.bounds import (
    ROUNDOFF,
    Array,
    Calls,
    Got,
    allowed_for,
    allowed_in_products,
    within,
)


def layer_gradients(calls: Calls, got: Got) -> list[Finding]:
    """dW and dx of sum(layer(x) * C)."""
    call = calls[0]
    by_weight, by_input = reference.linear_gradients(call["x"], call["W"], call["C"])
    terms = math.prod(call["x"].shape[:-1])
    upstream = np.abs(call["C"]).max()
    return [
        within(
            "dW",
            got[0].get("weight_gradient"),
            by_weight,
            ROUNDOFF * (terms + 1) * upstream * np.abs(call["x"]).max(),
        ),
        within(
            "dx",
            got[0].get("input_gradient"),
            by_input,
            np.abs(call["C"]) @ allowed_in_products(call["W"]),
        ),
    ]


def layer(calls: Calls, got: Got) -> list[Finding]:
    """The layer's answers under each of its weights; a bias that it insists on is added.

    One larger than the answers is not: their digits would be lost in it, and any would be right.
    """
    call, answers = calls[0], got[0].get("answers")
    if not isinstance(answers, list) or len(answers) != len(call["weights"]):
        return [Finding("y", False, detail=f"got {describe(answers)}")]
    bias = as_float(got[0].get("bias"))
    found = []
    for index, (weight, answer) in enumerate(zip(call["weights"], answers, strict=True)):
        expected = reference.linear(call["x"], weight)
        if bias is not None and bias.shape == expected.shape[-1:]:
            small = np.abs(bias).max() <= np.abs(expected).max()  # and a number
            expected = expected + bias if small else expected
        allowed = np.abs(call["x"]) @ allowed_in_products(weight).T
        found.append(within(f"y {index}", answer, expected, allowed))
    return found


def embedding(calls: Calls, got: Got) -> list[Finding]:
    """Rows of P(W), and the head's product with them where there is a head."""
    call = calls[0]
    rows = reference.project(call["W"])[call["ids"]]
    found = [within("rows", got[0].get("rows"), rows, allowed_for(call["W"])[call["ids"]])]
    if got[0].get("head") is not None:
        allowed = np.abs(call["x"]) @ allowed_in_products(call["W"]).T
        found.append(
            within("head", got[0]["head"], reference.linear(call["x"], call["W"]), allowed)
        )
    return found


def causal(_calls: Calls, got: Got) -> list[Finding]:
    """Logits of all positions but the last agree."""
    moved, bound = logits_moved(got)
    if moved is None:
        return [Finding("logits", False, detail=f"got {describe(got[0].get('first'))}")]
    earlier = within("earlier logits", moved[:, :-1], np.zeros(moved[:, :-1].shape), bound)
    return [earlier, last_moves(moved, bound, "must depend on the last token")]


def positional(_calls: Calls, got: Got) -> list[Finding]:
    """The last logits change when two earlier tokens trade places."""
    moved, bound = logits_moved(got)
    if moved is None:
        return [Finding("logits", False, detail=f"got {describe(got[0].get('first'))}")]
    return [last_moves(moved, bound, "must depend on the order of tokens")]


def logits_moved(got: Got) -> tuple[Array | None, float]:
    """How far the logits (B, T, V) of two batches lie apart, and up to what they agree; or None."""
    first, second = as_float(got[0].get("first")), as_float(got[0].get("second"))
    if first is None or second is None or first.ndim != 3 or first.shape != second.shape:
        return None, 0.0
    return np.abs(second - first), 1e-4 * max(1.0, float(np.abs(first).max()))


def last_moves(moved: Array, bound: float, detail: str) -> Finding:
    """The logits of the last position differ."""
    last = float(moved[:, -1].max())
    return Finding("last logits", last > bound, last, bound, detail)


def coverage(_calls: Calls, got: Got) -> list[Finding]:
    """Whether trading magnitudes within codes leaves the logits alone, matrix by matrix."""
    moved = got[0].get("moved")
    if not isinstance(moved, dict) or not moved:
        return [Finding("matrices", False, detail=f"none found: {describe(moved)}")]
    return [ternary_matrix(str(name), changes) for name, changes in moved.items()]


def ternary_matrix(name: str, moved: Any) -> Finding:
    """One matrix: logits that follow its codes and do not follow its magnitudes."""
    if not isinstance(moved, dict):
        return Finding(name, False, detail=f"got {describe(moved)}")
    traded, fresh = as_float(moved.get("traded")), as_float(moved.get("fresh"))
    if traded is None or fresh is None or traded.ndim or fresh.ndim:
        return Finding(name, False, detail=f"got {describe(moved)}")
    bound = 1e-3 * float(fresh) + 1e-7
    if float(fresh) == 0:
        return Finding(name, False, detail="the logits do not depend on it")
    return Finding(name, float(traded) <= bound, float(traded), bound)
