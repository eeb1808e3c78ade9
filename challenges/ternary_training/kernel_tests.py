"""Ternary training: what is asked of an output, and how its answers are judged.

An epsilon of up to 1e-5 in the scale is common (BitNet b1.58 clamps there), so the deciding checks
allow it; what it does to tiny weights is shown by a check of its own. Weights are drawn away from
ties, where codes would hang on rounding; ties have their own check. W + stop_gradient(P - W), a common
way to write the estimator, rounds at the size of W, which the bound allows too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import Call, Case, Finding, as_float, describe, rng, same, unit_roundoff
from challenges.ternary_training import reference, text

Got = list[dict[str, Any]]
Array = NDArray[Any]

GROUP = reference.GROUP
U = unit_roundoff(np.float32)
EPSILON = 1e-5
ROUNDOFF = 64 * U
TIE_MARGIN = 4e-3
LEARNT = 1.2
OWN_LEARNT = 0.6
SHAPES = ((1, 128), (3, 256), (7, 384), (130, 128), (5, 1280))


# ---- inputs ------------------------------------------------------------------------------------


def away_from_ties(weight: Array, margin: float = TIE_MARGIN) -> Array:
    """Shrink weights that lie within a fraction of half their group's scale until none is left."""
    result = weight.astype(np.float64)
    for _ in range(200):
        near = np.abs(np.abs(result) - reference.scales(result) / 2) < margin * reference.scales(
            result
        )
        if not near.any():
            break
        result[near] *= 1 - 3 * margin
    return result.astype(np.float32)


def weights(seed: int, name: str, shape: tuple[int, int], size: float = 1.0) -> Array:
    """Normal weights of a standard deviation, none of them near a tie."""
    return away_from_ties(rng(seed, name).normal(0, size, shape))


def regimes(seed: int) -> Iterator[tuple[str, Array]]:
    """Names and weights: shapes around the block size, and distributions that tell rules apart."""
    for shape in SHAPES:
        yield f"shape_{shape[0]}x{shape[1]}", weights(seed, f"shape{shape}", shape)
    yield "like_an_initialisation", weights(seed, "init", (6, 256), 0.02)
    yield "times_1000", weights(seed, "large", (6, 256), 1000.0)
    draw = rng(seed, "regimes")
    row_sizes = 10.0 ** draw.uniform(-1, 3, (9, 1))
    yield "a_size_for_each_row", away_from_ties(row_sizes * draw.normal(size=(9, 256)))
    group_sizes = np.repeat(10.0 ** draw.uniform(-1, 3, (4, 5)), GROUP, axis=1)
    yield "a_size_for_each_group", away_from_ties(group_sizes * draw.normal(size=(4, 640)))
    yield "heavy_tails", away_from_ties(draw.standard_t(1.5, (6, 384)))
    yield "all_of_one_sign", away_from_ties(np.abs(draw.normal(size=(4, 256))))
    yield "far_from_zero", (draw.normal(size=(4, 256)) + 1000).astype(np.float32)
    yield "equal_magnitudes", (0.25 * draw.choice([-1, 1], (4, 256))).astype(np.float32)


def sparse_groups(seed: int) -> Array:
    """Groups in which 1, 5 or 40 of 128 weights are not zero, and skewed ones."""
    draw = rng(seed, "sparse")
    result = np.zeros((4, 256))
    for row, count in zip(result, (1, 5, 40), strict=False):
        for columns in reference.groups(256):
            at = draw.choice(GROUP, count, replace=False) + columns.start
            row[at] = draw.choice([-1, 1], count) * draw.uniform(0.5, 4, count)
    result[3] = draw.choice([-1, 1], 256) * draw.exponential(1.0, 256) ** 3
    return away_from_ties(result)


def tied(seed: int, shift: float) -> Array:
    """Groups with a scale of exactly 1 in which half of the weights lie at 0.5 + shift, either sign."""
    draw = rng(seed, "ties")
    low = np.full(GROUP // 2, 0.5 + shift)
    group = np.concatenate([low, 2 - low])
    rows = [draw.permutation(group) * draw.choice([-1, 1], GROUP) for _ in range(6)]
    return np.array(rows).reshape(3, 256).astype(np.float32)


def bfloat16(values: Array) -> Array:
    """Float32 values cut to the eight significant bits that bfloat16 holds."""
    return (values.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


# ---- cases -------------------------------------------------------------------------------------


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    made = [
        *projection_cases(seed),
        *gradient_cases(seed),
        *layer_cases(seed),
        *robustness_cases(seed),
        *training_cases(seed),
        *own_model_cases(seed),
    ]
    return [
        Case(check, f"{check}-{name}", tuple({**call, "seed": seed} for call in calls))
        for check, name, calls in made
    ]


Made = Iterator[tuple[str, str, list[dict[str, Any]]]]


def project(weight: Array, **more: Any) -> dict[str, Any]:
    """A call that projects."""
    return {"do": "project", "W": weight, **more}


def projection_cases(seed: int) -> Made:
    """The projection's values, and its contract."""
    for name, weight in regimes(seed):
        yield "projection_exact", name, [project(weight)]
    yield "scale_is_mean_abs", "sparse_and_skewed", [project(sparse_groups(seed))]
    yield "scale_is_mean_abs", "two_sizes", [project(two_sizes(seed))]
    yield (
        "codes_are_ternary",
        "heavy_tails",
        [project(rng(seed, "codes").standard_t(1.5, (6, 384)).astype(np.float32))],
    )
    yield "codes_are_ternary", "sparse", [project(sparse_groups(seed))]
    yield "zero_groups", "some", [project(with_zero_groups(seed))]
    yield "zero_groups", "all", [project(np.zeros((2, 256), np.float32))]
    for name, shift in (("tie", 0.0), ("below", -2e-3), ("above", 2e-3)):
        yield "ties_and_near_ties", name, [project(tied(seed, shift))]
    yield (
        "groups_are_independent",
        "scaled_negated_permuted",
        related(weights(seed, "related", (6, 384))),
    )
    first, second = weights(seed, "first", (4, 256)), weights(seed, "second", (4, 256))
    yield (
        "groups_are_independent",
        "other_calls",
        [project(w) for w in (first, second, first[:2], first)],
    )
    yield "weights_unchanged", "normal", [project(first)]


def two_sizes(seed: int) -> Array:
    """Groups of small and large weights: the mean is far from the median and the maximum."""
    draw = rng(seed, "two")
    sizes = np.where(draw.random((5, 256)) < 0.8, 1.0, 9.0)
    return away_from_ties(sizes * draw.choice([-1, 1], (5, 256)) * draw.uniform(0.9, 1.1, (5, 256)))


def with_zero_groups(seed: int) -> Array:
    """Weights in which every other group is zero."""
    weight = weights(seed, "zeros", (3, 512))
    weight[:, 128:256] = 0
    weight[1, 384:] = 0
    return weight


def related(weight: Array) -> list[dict[str, Any]]:
    """The weights, one group times 8, all negated, and rows and groups in another order."""
    scaled = weight.copy()
    scaled[2, 128:256] *= 8
    moved = np.roll(weight[::-1], GROUP, axis=1)
    return [project(w) for w in (weight, scaled, -weight, moved)]


def gradient_cases(seed: int) -> Made:
    """The straight-through estimator, through the projection and through a layer."""
    draw = rng(seed, "gradient")

    def call(weight: Array, **more: Any) -> dict[str, Any]:
        upstream = draw.normal(size=weight.shape).astype(np.float32)
        return {"do": "project_gradient", "W": weight, "C": upstream, **more}

    yield "gradient_is_identity", "normal", [call(weights(seed, "g1", (5, 256)))]
    yield (
        "gradient_is_identity",
        "like_an_initialisation",
        [call(weights(seed, "g2", (4, 128), 0.02))],
    )
    yield "gradient_is_identity", "times_1000", [call(weights(seed, "g3", (4, 128), 1000.0))]
    yield (
        "gradient_is_identity",
        "squared_loss",
        [call(weights(seed, "g4", (5, 256)), loss="square")],
    )
    heavy = away_from_ties(draw.standard_t(1.2, (5, 256)))
    yield "gradient_of_outliers_and_zeros", "outliers", [call(heavy)]
    yield "gradient_of_outliers_and_zeros", "sparse", [call(sparse_groups(seed))]
    yield "gradient_of_outliers_and_zeros", "zero_groups", [call(with_zero_groups(seed))]
    for name, lead, shape in (
        ("rows", (4,), (9, 256)),
        ("batch", (2, 3), (128, 128)),
        ("one", (1,), (1, 384)),
    ):
        yield "layer_gradients", name, [layer_gradient(seed, name, lead, shape)]


def layer_gradient(
    seed: int, name: str, lead: tuple[int, ...], shape: tuple[int, int]
) -> dict[str, Any]:
    """A call for the gradients of sum(layer(x) * C)."""
    draw = rng(seed, "layer gradient", name)
    x = draw.normal(size=(*lead, shape[1])).astype(np.float32)
    upstream = draw.normal(size=(*lead, shape[0])).astype(np.float32)
    return {"do": "layer_gradients", "W": weights(seed, "lg" + name, shape), "x": x, "C": upstream}


def layer_cases(seed: int) -> Made:
    """The linear layer and the embedding."""
    draw = rng(seed, "layer")
    for shape in ((1, 128), (3, 256), (64, 384), (256, 128), (128, 128)):
        x = draw.normal(size=(2, 3, shape[1])).astype(np.float32)
        weight = weights(seed, f"layer{shape}", shape)
        yield (
            "layer_exact",
            f"{shape[0]}x{shape[1]}",
            [{"do": "layer", "weights": [weight], "x": x}],
        )
    successive = [weights(seed, f"next{i}", (8, 256)) for i in (0, 1, 0)]
    x = draw.normal(size=(4, 256)).astype(np.float32)
    yield "layer_follows_its_weights", "three", [{"do": "layer", "weights": successive, "x": x}]
    call = {
        "W": weights(seed, "embedding", (70, 256)),
        "ids": draw.integers(0, 70, (3, 8)).astype(np.int32),
    }
    yield "embedding_exact", "rows_and_head", [{"do": "embedding", "x": x, **call}]


def robustness_cases(seed: int) -> Made:
    """Beyond what the prompt's own sizes need."""
    for size in (1e-6, 1e-5):
        small = away_from_ties(rng(seed, "tiny").normal(0, size, (4, 256)), 0.02)
        yield "tiny_weights", f"{size:g}", [project(small)]
    for width in (1, 100, 129, 200, 255):
        yield "indivisible_width", f"{width}", [project(weights(seed, f"width{width}", (5, width)))]
    for group in (64, 32):
        draw = rng(seed, f"group{group}").normal(size=(4, 256)) * np.repeat(2.0 ** np.arange(8), 32)
        yield "group_size_is_used", f"{group}", [project(draw.astype(np.float32), group_size=group)]
    rounded = bfloat16(away_from_ties(rng(seed, "bfloat16").normal(size=(6, 256)), 0.05))
    yield "bfloat16_weights", "normal", [project(rounded, dtype="bfloat16")]
    draw = rng(seed, "accumulation")  # each of these is rounded to 1 when added to a sum beyond 64
    near = bfloat16(draw.choice([-1, 1], (4, 256)) * draw.uniform(1.17, 1.23, (4, 256)))
    yield "bfloat16_weights", "accumulation", [project(near, dtype="bfloat16")]


def training_cases(seed: int) -> Made:
    """Our model, made of the output's layers, on our text."""
    yield "loss_falls", "25_steps", [train(seed, "falls", 25, 5e-3)]
    yield "heldout_perplexity", "45_steps", [train(seed, "held out", 45, 3e-3)]
    yield "weights_stay_ternary", "4_steps", [train(seed, "stays", 4, 5e-3)]


def train(
    seed: int, name: str, steps: int, rate: float, *, batch: int = 4, length: int = 32
) -> dict[str, Any]:
    """A call that trains on windows of the training paragraphs, drawn here."""
    draw = rng(seed, "train", name)
    training, held_out = (text.tokens(part) for part in text.split())
    return {
        "do": "train",
        "train": training,
        "starts": draw.integers(0, len(training) - length - 1, (steps, batch)),
        "held_out": held_out,
        "held_out_starts": draw.integers(0, len(held_out) - length - 1, 32),
        "length": length,
        "learning_rate": rate,
        "vocabulary": text.VOCABULARY,
    }


def own_model_cases(seed: int) -> Made:
    """The output's own model, at a small size: 256 tokens, width 128, two layers."""
    tokens = rng(seed, "own").integers(0, 256, (2, 12)).astype(np.int32)
    others = tokens.copy()
    others[:, -1] = (others[:, -1] + 1) % 256
    yield (
        "own_model_is_causal",
        "last_token",
        [{"do": "own_causal", "tokens": tokens, "others": others}],
    )
    looked_into = {"do": "own_coverage", "tokens": tokens}
    yield "own_embedding_is_ternary", "small", [{**looked_into, "embeddings": True}]
    yield "own_layers_are_ternary", "small", [{**looked_into, "embeddings": False}]
    yield (
        "own_model_learns",
        "15_steps",
        [{**train(seed, "own", 15, 3e-3, batch=2), "do": "own_training"}],
    )
    own = {**train(seed, "own train", 15, 3e-3, batch=2), "do": "own_train_function"}
    yield "own_training_lowers_loss", "15_steps", [own]


# ---- judging -----------------------------------------------------------------------------------


def check(case: Case, got: Got) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    return JUDGES[case.check](case.calls, got)


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
    """The error allowed to each element of P(W): an epsilon in the scale, and rounding at max|w|."""
    largest = np.zeros(weight.shape)
    for columns in reference.groups(weight.shape[1], size):
        largest[:, columns] = np.abs(weight[:, columns]).max(axis=1, keepdims=True)
    return np.minimum(epsilon, reference.scales(weight, size)) + ROUNDOFF * largest


def projection(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def tiny(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """P(W) with room for an epsilon of a fiftieth of the scale, no more."""
    weight = calls[0]["W"]
    bound = allowed_for(weight, epsilon=0) + reference.scales(weight) / 50
    return [within("P(W)", got[0].get("value"), reference.project(weight), bound)]


def half_precision(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """P(W) of bfloat16 weights: two units of bfloat16 in the scale, and rounding at max|w|."""
    weight = calls[0]["W"]
    unit = 2.0**-8
    bound = 4 * unit * reference.scales(weight) + unit * np.abs(weight).max(axis=1, keepdims=True)
    return [within("P(W)", got[0].get("value"), reference.project(weight), bound)]


def ternary_codes(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def ties(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def contract(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """W afterwards, and the dtype of what came back."""
    dtype = str(got[0].get("dtype")).rpartition(".")[2]
    return [
        same("W afterwards", got[0].get("W_after"), calls[0]["W"]),
        same("dtype", dtype, "float32"),
    ]


def gradient(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """dL/dW equals dL/dP(W). Some outputs keep the estimator in the layer: then the layer's counts."""
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
    if by_layer.ok and not found.ok and "by_projection" in answers:
        return [
            by_layer,
            Finding(found.name, True, detail="not the identity: the layer adds the estimator"),
        ]
    return [found, by_layer]


def layer_gradients(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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
            np.abs(call["C"]).sum(axis=-1, keepdims=True) * allowed_for(call["W"]).max(),
        ),
    ]


def layer(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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
        allowed = np.abs(call["x"]).sum(axis=-1, keepdims=True) * allowed_for(weight).max()
        found.append(within(f"y {index}", answer, expected, allowed))
    return found


def embedding(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """Rows of P(W), and the head's product with them where there is a head."""
    call = calls[0]
    rows = reference.project(call["W"])[call["ids"]]
    found = [within("rows", got[0].get("rows"), rows, allowed_for(call["W"])[call["ids"]])]
    if got[0].get("head") is not None:
        allowed = np.abs(call["x"]).sum(axis=-1, keepdims=True) * allowed_for(call["W"]).max()
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


def falls(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """The mean of the last fifth of the losses lies below the first loss by what an honest run learns."""
    losses = losses_of(got)
    if losses is None:
        return [Finding("loss", False, detail=f"got {describe(got[0].get('losses'))}")]
    last = float(losses[-max(1, len(losses) // 5) :].mean())
    detail = f"{losses[0]:.3f} to {last:.3f} nats in {len(losses)} steps"
    return [
        Finding("loss", bool(last < losses[0] - LEARNT), last, float(losses[0]) - LEARNT, detail)
    ]


def own_falls(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def held_out(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def stays_ternary(calls: tuple[Call, ...], got: Got) -> list[Finding]:
    """After a few steps: effective weights are the projection of latent ones, which are not ternary."""
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


def causal(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


def coverage(calls: tuple[Call, ...], got: Got) -> list[Finding]:
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


JUDGES: dict[str, Callable[[tuple[Call, ...], Got], list[Finding]]] = {
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
    "own_embedding_is_ternary": coverage,
    "own_layers_are_ternary": coverage,
    "own_model_learns": own_falls,
    "own_training_lowers_loss": own_falls,
}
