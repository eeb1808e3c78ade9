"""Ternary training: what is asked of an output. inputs.py draws weights, judges.py judges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import Case, Finding, rng
from challenges.ternary_training import inputs, judges, text

Array = NDArray[Any]
Made = Iterator[tuple[str, str, list[dict[str, Any]]]]


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
    draws = int(rng(seed, "child").integers(2**31))  # not the seed itself, which stays here
    return [
        Case(check, f"{check}-{name}", tuple({**call, "seed": draws} for call in calls))
        for check, name, calls in made
    ]


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    if len(got) < len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    return judges.JUDGES[case.check](case.calls, got)


def project(weight: Array, **more: Any) -> dict[str, Any]:
    """A call that projects."""
    return {"do": "project", "W": weight, **more}


def projection_cases(seed: int) -> Made:
    """The projection's values, and its contract."""
    for name, weight in inputs.regimes(seed):
        yield "projection_exact", name, [project(weight)]
    yield "scale_is_mean_abs", "sparse_and_skewed", [project(inputs.sparse_groups(seed))]
    yield "scale_is_mean_abs", "two_sizes", [project(inputs.two_sizes(seed))]
    yield (
        "codes_are_ternary",
        "heavy_tails",
        [project(rng(seed, "codes").standard_t(1.5, (6, 384)).astype(np.float32))],
    )
    yield "codes_are_ternary", "sparse", [project(inputs.sparse_groups(seed))]
    yield "zero_groups", "some", [project(inputs.with_zero_groups(seed))]
    yield "zero_groups", "all", [project(np.zeros((2, 256), np.float32))]
    for name, shift in (("tie", 0.0), ("below", -2e-3), ("above", 2e-3)):
        yield "ties_and_near_ties", name, [project(inputs.tied(seed, shift))]
    yield (
        "groups_are_independent",
        "scaled_negated_permuted",
        related(inputs.weights(seed, "related", (6, 384))),
    )
    first, second = (
        inputs.weights(seed, "first", (4, 256)),
        inputs.weights(seed, "second", (4, 256)),
    )
    yield (
        "groups_are_independent",
        "other_calls",
        [project(w) for w in (first, second, first[:2], first)],
    )
    yield "weights_unchanged", "normal", [project(first)]


def related(weight: Array) -> list[dict[str, Any]]:
    """The weights, one group times 8, all negated, and rows and groups in another order."""
    scaled = weight.copy()
    scaled[2, 128:256] *= 8
    moved = np.roll(weight[::-1], inputs.GROUP, axis=1)
    return [project(w) for w in (weight, scaled, -weight, moved)]


def gradient_cases(seed: int) -> Made:
    """The straight-through estimator, through the projection and through a layer."""
    draw = rng(seed, "gradient")

    def call(weight: Array, **more: Any) -> dict[str, Any]:
        upstream = draw.normal(size=weight.shape).astype(np.float32)
        return {"do": "project_gradient", "W": weight, "C": upstream, **more}

    yield "gradient_is_identity", "normal", [call(inputs.weights(seed, "g1", (5, 256)))]
    yield (
        "gradient_is_identity",
        "like_an_initialisation",
        [call(inputs.weights(seed, "g2", (4, 128), 0.02))],
    )
    yield "gradient_is_identity", "times_1000", [call(inputs.weights(seed, "g3", (4, 128), 1000.0))]
    yield (
        "gradient_is_identity",
        "squared_loss",
        [call(inputs.weights(seed, "g4", (5, 256)), loss="square")],
    )
    heavy = inputs.away_from_ties(draw.standard_t(1.2, (5, 256)))
    yield "gradient_of_outliers_and_zeros", "outliers", [call(heavy)]
    yield "gradient_of_outliers_and_zeros", "sparse", [call(inputs.sparse_groups(seed))]
    yield "gradient_of_outliers_and_zeros", "zero_groups", [call(inputs.with_zero_groups(seed))]
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
    return {
        "do": "layer_gradients",
        "W": inputs.weights(seed, "lg" + name, shape),
        "x": x,
        "C": upstream,
    }


def layer_cases(seed: int) -> Made:
    """The linear layer and the embedding."""
    draw = rng(seed, "layer")
    for shape in ((1, 128), (3, 256), (64, 384), (256, 128), (128, 128)):
        x = draw.normal(size=(2, 3, shape[1])).astype(np.float32)
        weight = inputs.weights(seed, f"layer{shape}", shape)
        yield (
            "layer_exact",
            f"{shape[0]}x{shape[1]}",
            [{"do": "layer", "weights": [weight], "x": x}],
        )
    successive = [inputs.weights(seed, f"next{i}", (8, 256)) for i in (0, 1, 0)]
    x = draw.normal(size=(4, 256)).astype(np.float32)
    yield "layer_follows_its_weights", "three", [{"do": "layer", "weights": successive, "x": x}]
    call = {
        "W": inputs.weights(seed, "embedding", (70, 256)),
        "ids": draw.integers(0, 70, (3, 8)).astype(np.int32),
    }
    yield "embedding_exact", "rows_and_head", [{"do": "embedding", "x": x, **call}]


def robustness_cases(seed: int) -> Made:
    """Beyond what the prompt's own sizes need."""
    for size in (1e-6, 1e-5):
        small = inputs.away_from_ties(rng(seed, "tiny").normal(0, size, (4, 256)), 0.02)
        yield "tiny_weights", f"{size:g}", [project(small)]
    for width in (1, 100, 129, 200, 255):
        yield (
            "indivisible_width",
            f"{width}",
            [project(inputs.weights(seed, f"width{width}", (5, width)))],
        )
    for group in (64, 32):
        draw = rng(seed, f"group{group}").normal(size=(4, 256)) * np.repeat(2.0 ** np.arange(8), 32)
        yield "group_size_is_used", f"{group}", [project(draw.astype(np.float32), group_size=group)]
    rounded = inputs.bfloat16(
        inputs.away_from_ties(rng(seed, "bfloat16").normal(size=(6, 256)), 0.05)
    )
    yield "bfloat16_weights", "normal", [project(rounded, dtype="bfloat16")]
    signs = rng(seed, "accumulation")  # each of these is rounded to 1 when added to a sum beyond 64
    near = inputs.bfloat16(signs.choice([-1, 1], (4, 256)) * signs.uniform(1.17, 1.23, (4, 256)))
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
    tokens = np.stack([rng(seed, "own", row).permutation(256)[:12] for row in "ab"]).astype(
        np.int32
    )
    others, swapped = tokens.copy(), tokens.copy()
    others[:, -1] = (others[:, -1] + 1) % 256
    swapped[:, [3, 7]] = swapped[:, [7, 3]]
    compared = {"do": "own_logits", "tokens": tokens}
    yield "own_model_is_causal", "last_token", [{**compared, "others": others, "layers": 2}]
    # A second layer could tell the order of tokens by the mask alone.
    yield "own_model_sees_positions", "swapped", [{**compared, "others": swapped, "layers": 1}]
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
