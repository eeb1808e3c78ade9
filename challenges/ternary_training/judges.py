"""How the answers of an output are judged, one function for each kind of check.

An epsilon of up to 1e-5 in the scale is common (BitNet b1.58 clamps there), so the deciding checks
allow it; what it does to tiny weights is shown by a check of its own. W + stop_gradient(P - W), a
common way to write the estimator, rounds at the size of W, which the bounds allow too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import Call, Finding, as_float, describe, same, unit_roundoff
from challenges.ternary_training import reference, text
from challenges.ternary_training.inputs import GROUP, TIE_MARGIN

Calls = tuple[Call, ...]
Got = list[dict[str, Any]]
Array = NDArray[Any]

EPSILON = 1e-5
ROUNDOFF = 64 * unit_roundoff(np.float32)
LEARNT = 1.2
OWN_LEARNT = 0.6


def within(name: str, got: Any, expected: Array, allowed: Array | float) -> Finding:
    """Judge an array element by element against an absolute bound."""
    values = as_float(got)
    if values is None or values.shape != expected.shape:
        return Finding(name, False, detail=f"got {describe(got)}, expected shape {expected.shape}")
    if not np.isfinite(values).all():
        return Finding(name, False, detail=f"{int((~np.isfinite(values)).sum())} values not finite")
    error, bound = np.abs(values - expected), np.broadcast_to(allowed, expected.shape)
    worst = int(np.argmax(error - bound))
    failed = int((error > bound).sum())
    detail = f"{failed} of {error.size} values outside the bound" if failed else ""
    return Finding(name, failed == 0, float(error.flat[worst]), float(bound.flat[worst]), detail)


def allowed_for(weight: Array, size: int = GROUP, epsilon: float = EPSILON) -> Array:
    """The error allowed to each element of P(W): an epsilon in the scale, rounding at max|w|."""
    largest = np.zeros(weight.shape)
    for columns in reference.groups(weight.shape[1], size):
        largest[:, columns] = np.abs(weight[:, columns]).max(axis=1, keepdims=True)
    return np.minimum(epsilon, reference.scales(weight, size)) + ROUNDOFF * largest


def allowed_in_products(weight: Array) -> Array:
    """The same for a term of a matrix product, where errors of rounding mostly cancel."""
    coarse, fine = allowed_for(weight, epsilon=0), np.abs(reference.project(weight))
    return EPSILON * (fine > 0) + coarse / 8 + 16 * ROUNDOFF / 64 * fine


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
    """The layer's answers under each of its weights; a bias that it insists on is added."""
    call, answers = calls[0], got[0].get("answers")
    if not isinstance(answers, list) or len(answers) != len(call["weights"]):
        return [Finding("y", False, detail=f"got {describe(answers)}")]
    bias = as_float(got[0].get("bias"))
    found = []
    for index, (weight, answer) in enumerate(zip(call["weights"], answers, strict=True)):
        expected = reference.linear(call["x"], weight)
        if bias is not None and bias.shape == expected.shape[-1:]:
            expected = expected + bias
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


def losses_of(got: Got) -> Array | None:
    """The losses in a result, or None where they are not finite numbers."""
    values = got[0].get("losses")
    numbers = [as_float(v) for v in values] if isinstance(values, list) else []
    if not numbers or any(v is None or v.ndim or not np.isfinite(v) for v in numbers):
        return None
    return np.array(numbers, dtype=np.float64)


def falls(_calls: Calls, got: Got) -> list[Finding]:
    """The last fifth of the losses lies below the first by what an honest run learns."""
    losses = losses_of(got)
    if losses is None:
        return [Finding("loss", False, detail=f"got {describe(got[0].get('losses'))}")]
    last = float(losses[-max(1, len(losses) // 5) :].mean())
    detail = f"{losses[0]:.3f} to {last:.3f} nats in {len(losses)} steps"
    return [
        Finding("loss", bool(last < losses[0] - LEARNT), last, float(losses[0]) - LEARNT, detail)
    ]


def own_falls(_calls: Calls, got: Got) -> list[Finding]:
    """The output's own model: any clear fall of the loss will do."""
    losses = losses_of(got)
    if losses is None:
        return [Finding("loss", False, detail=f"got {describe(got[0].get('losses'))}")]
    last = float(losses[-max(1, len(losses) // 5) :].mean())
    detail = f"{losses[0]:.3f} to {last:.3f} nats in {len(losses)} losses"
    return [
        Finding(
            "loss",
            len(losses) > 1 and bool(last < losses[0] - OWN_LEARNT),
            last,
            float(losses[0]) - OWN_LEARNT,
            detail,
        )
    ]


def held_out(calls: Calls, got: Got) -> list[Finding]:
    """Perplexity on paragraphs that no training window touches, against letter frequencies."""
    call = calls[0]
    training, held = text.split()
    shared = {text.key(p) for p in training} & {text.key(p) for p in held}
    disjoint = Finding(
        "the split is disjoint", not shared, detail=f"{len(training)} and {len(held)} paragraphs"
    )
    loss = as_float(got[0].get("held_out_loss"))
    bound = reference.unigram_loss(call["train"], call["held_out"], call["vocabulary"])
    if loss is None or loss.ndim or not np.isfinite(loss):
        return [
            disjoint,
            Finding("perplexity", False, detail=f"got {describe(got[0].get('held_out_loss'))}"),
        ]
    perplexity = math.exp(min(float(loss), 700.0))
    return [disjoint, Finding("perplexity", float(loss) < bound, perplexity, math.exp(bound))]


def stays_ternary(_calls: Calls, got: Got) -> list[Finding]:
    """After a few steps, weights in use are the projection of latent ones, not these themselves."""
    latent = as_float(got[0].get("latent"))
    if latent is None or latent.ndim != 2 or not latent.size or not np.isfinite(latent).all():
        return [Finding("latent weights", False, detail=f"got {describe(got[0].get('latent'))}")]
    distinct = len(np.unique(np.abs(latent[0])))
    # A latent weight may by chance lie at a tie by now, where both codes are right.
    scale = reference.scales(latent)
    tie = np.abs(np.abs(latent) - scale / 2) < scale * TIE_MARGIN / 4
    expected = reference.project(latent)
    bound = allowed_for(latent) + np.where(tie, scale, 0)
    return [
        within("weights in use", got[0].get("effective"), expected, bound),
        Finding("latent weights", distinct > 8, detail=f"{distinct} magnitudes in a row"),
    ]


def causal(_calls: Calls, got: Got) -> list[Finding]:
    """Logits of all positions but the last agree."""
    first, second = as_float(got[0].get("first")), as_float(got[0].get("second"))
    if first is None or second is None or first.ndim != 3 or first.shape != second.shape:
        return [Finding("logits", False, detail=f"got {describe(got[0].get('first'))}")]
    bound = 1e-4 * max(1.0, float(np.abs(first).max()))
    earlier = within("earlier logits", second[:, :-1], first[:, :-1], bound)
    last = float(np.abs(first[:, -1] - second[:, -1]).max())
    return [
        earlier,
        Finding("last logits", last > bound, last, bound, "must depend on the last token"),
    ]


def positional(_calls: Calls, got: Got) -> list[Finding]:
    """The last logits change when two earlier tokens trade places."""
    first, second = as_float(got[0].get("first")), as_float(got[0].get("second"))
    if first is None or second is None or first.ndim != 3 or first.shape != second.shape:
        return [Finding("logits", False, detail=f"got {describe(got[0].get('first'))}")]
    bound = 1e-4 * max(1.0, float(np.abs(first).max()))
    last = float(np.abs(first[:, -1] - second[:, -1]).max())
    return [Finding("last logits", last > bound, last, bound, "must depend on the order of tokens")]


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


JUDGES: dict[str, Callable[[Calls, Got], list[Finding]]] = {
    "projection_exact": projection,
    "scale_is_mean_abs": projection,
    "codes_are_ternary": ternary_codes,
    "zero_groups": projection,
    "ties_and_near_ties": ties,
    "groups_are_independent": projection,
    "weights_unchanged": contract,
    "gradient_is_identity": gradient,
    "gradient_of_outliers_and_zeros": gradient,
    "layer_gradients": layer_gradients,
    "layer_exact": layer,
    "layer_follows_its_weights": layer,
    "embedding_exact": embedding,
    "tiny_weights": tiny,
    "indivisible_width": projection,
    "group_size_is_used": projection,
    "bfloat16_weights": half_precision,
    "loss_falls": falls,
    "heldout_perplexity": held_out,
    "weights_stay_ternary": stays_ternary,
    "own_model_is_causal": causal,
    "own_model_sees_positions": positional,
    "own_embedding_is_ternary": coverage,
    "own_layers_are_ternary": coverage,
    "own_model_learns": own_falls,
    "own_training_lowers_loss": own_falls,
}
