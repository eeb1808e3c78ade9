"""Judges of the projection: exact per group, at ties, in half precision, and its gradient."""

from __future__ import annotations

import numpy as np

from challenges.kit import Finding, as_float, describe, same
from challenges.ternary_training import reference
from challenges.ternary_training.bounds import (
    EPSILON,
    ROUNDOFF,
    Array,
    Calls,
    Got,
    allowed_for,
    within,
)
from challenges.ternary_training.inputs import GROUP


def projection(calls: Calls, got: Got) -> list[Finding]:
    """Each call's P(W)."""
    return [
        within(
            f"P(W) {i}" if i else "P(W)",
            g.get("value"),
            reference.project(c["W"], c.get("group_size", GROUP)),
            allowed_for(c["W"], c.get("group_size", GROUP)),
        )
        for i, (c, g) in enumerate(zip(calls, got, strict=True))
    ]


def tiny(calls: Calls, got: Got) -> list[Finding]:
    """P(W) with room for an epsilon of a fiftieth of the scale, no more."""
    weight = calls[0]["W"]
    bound = allowed_for(weight, epsilon=0) + reference.scales(weight) / 50
    return [within("P(W)", got[0].get("value"), reference.project(weight), bound)]


def half_precision(calls: Calls, got: Got) -> list[Finding]:
    """P(W) of bfloat16 weights: two units of bfloat16 in the scale, and rounding at max|w|."""
    weight = calls[0]["W"]
    unit = 2.0**-8
    bound = 4 * unit * reference.scales(weight) + unit * np.abs(weight).max(axis=1, keepdims=True)
    return [within("P(W)", got[0].get("value"), reference.project(weight), bound)]


def ternary_codes(calls: Calls, got: Got) -> list[Finding]:
    """In each group every value is zero or plus or minus the group's largest."""
    weight = calls[0]["W"]
    values = as_float(got[0].get("value"))
    if values is None or values.shape != weight.shape or not np.isfinite(values).all():
        return [Finding("codes", False, detail=f"got {describe(got[0].get('value'))}")]
    worst, extra = 0.0, 0
    for columns in reference.groups(weight.shape[1]):
        part = np.abs(values[:, columns])
        largest = part.max(axis=1, keepdims=True)
        off = np.minimum(part, largest - part) - ROUNDOFF * np.abs(weight[:, columns]).max(
            axis=1, keepdims=True
        )
        worst, extra = max(worst, float(off.max())), extra + int((off > 0).sum())
    detail = f"{extra} values are neither zero nor the scale" if extra else ""
    return [Finding("codes", extra == 0, max(worst, 0.0), 0.0, detail)]


def ties(calls: Calls, got: Got) -> list[Finding]:
    """At a tie both codes are right; elsewhere only the nearest."""
    weight = calls[0]["W"]
    tie = np.abs(np.abs(weight) - reference.scales(weight) / 2) <= EPSILON
    values, expected = as_float(got[0].get("value")), reference.project(weight)
    if values is not None and values.shape == expected.shape:
        up = np.sign(weight) * reference.scales(weight)
        expected = np.where(
            tie & (np.abs(values - up) < np.abs(values)), up, np.where(tie, 0, expected)
        )
    return [within("P(W)", got[0].get("value"), expected, allowed_for(weight))]


def contract(calls: Calls, got: Got) -> list[Finding]:
    """W afterwards, and the dtype of what came back."""
    dtype = str(got[0].get("dtype")).rpartition(".")[2]
    return [
        same("W afterwards", got[0].get("W_after"), calls[0]["W"]),
        same("dtype", dtype, "float32"),
    ]


def gradient(calls: Calls, got: Got) -> list[Finding]:
    """dL/dW equals dL/dP(W). Where the layer adds the estimator, the layer's gradient counts."""
    call, answers = calls[0], got[0]
    expected = call["C"].astype(np.float64)
    allowed: Array | float = ROUNDOFF * np.abs(expected).max()
    if call.get("loss") == "square":
        expected = reference.project(call["W"]) - expected
        allowed = allowed + allowed_for(call["W"])
    found = within(
        "gradient through the projection", answers.get("by_projection"), expected, allowed
    )
    if "by_layer" not in answers:
        return [found]
    by_layer = within("gradient through a layer", answers["by_layer"], expected, allowed)
    if by_layer.ok and not found.ok:
        raised = answers.get("raised", "not the identity: the layer adds the estimator")
        return [by_layer, Finding(found.name, True, detail=str(raised)[:200])]
    return [found, by_layer]
