"""Inputs for the flash attention backward pass, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator

from challenges.judging.attention import LEVELS, Drawing, Regime, Shape, mask_name
from challenges.kit import Case, single

INPUTS = ("Q", "K", "V", "dO")
DRAWING = Drawing(INPUTS)
ONE_BY_ONE: list[Shape] = [(2, 3, 16, 8, 4), (1, 2, 31, 5, 8), (3, 1, 30, 4, 6)]
SHAPES: dict[str, list[Shape]] = {
    "remainder": [(2, 3, 13, 4, 5), (1, 2, 50, 8, 16), (1, 1, 130, 4, 64)],
    "remainder_one": [(1, 2, 65, 8, 64), (1, 3, 17, 4, 8), (2, 2, 9, 5, 4)],
    "tile_size_one": [(2, 3, 9, 4, 1), (1, 1, 14, 6, 1)],
    "tile_larger_than_sequence": [(2, 3, 7, 4, 16), (1, 1, 63, 8, 64), (1, 1, 2, 5, 1000)],
    "single_token": [(2, 3, 1, 8, 4), (1, 1, 1, 4, 64), (3, 2, 1, 1, 1)],
    "batches_and_heads": [(5, 1, 11, 4, 4), (1, 7, 12, 5, 5), (3, 4, 10, 6, 4)],
    "head_dimensions": [(1, 2, 10, 1, 4), (1, 1, 12, 128, 5), (2, 1, 11, 33, 4)],
}
ONE_MASK_EACH = ("remainder",)  # a check for either mask


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    masked = [case for causal in (True, False) for case in masked_cases(seed, causal=causal)]
    ways = ("interleaved", "refilled", "strided")
    contract = DRAWING.contract_cases(seed, ways, long=(1, 1, 256, 2, 8), many=(2, 40, 24, 1, 2))
    again = DRAWING.draw(seed, "a", (2, 3, 14, 4, 4), causal=True, do="again")
    unseen = [
        *DRAWING.unseen(seed, "later", ("K", "V")),
        *DRAWING.unseen(seed, "earlier", ("Q", "dO")),
    ]
    again_case = Case("backward_can_repeat", "backward_can_repeat", (again,))
    return [*masked, *contract, *unseen, again_case]


def masked_cases(seed: int, *, causal: bool) -> Iterator[Case]:
    """All cases that exist with and without the mask, in float64 and float32."""
    mask = mask_name(causal=causal)
    yield from shape_cases(seed, causal=causal)
    yield from relation_cases(seed, causal=causal)
    for check, label, call in large_scores(seed, causal=causal):
        yield Case(check, f"{label}_{mask}", (call,))
        yield Case("large_scores_forward_only", f"forward_{label}_{mask}", (call,))
        yield Case("float32_large_scores", f"float32_{label}_{mask}", (single(call),))
    for check, label, call in regimes(seed, causal=causal):
        yield Case(check, f"{label}_{mask}", (call,))
        yield Case(check, f"float32_{label}_{mask}", (single(call),))


def shape_cases(seed: int, *, causal: bool) -> Iterator[Case]:
    """Ordinary inputs on every shape; on some, a check for each output."""
    mask = mask_name(causal=causal)
    for shape in ONE_BY_ONE:
        label = f"{mask}_{'x'.join(map(str, shape))}"
        call = DRAWING.draw(seed, label, shape, causal=causal)
        for check in ("forward_output", "query_gradient", "key_gradient", "value_gradient"):
            yield Case(check, f"{check}_{label}", (call,))
        yield Case("log_sum_exp", f"log_sum_exp_{label}", ({**call, "do": "logsumexp"},))
        yield Case("float32_inputs", f"float32_{label}", (single(call),))
    for kind, shapes in SHAPES.items():
        for shape in shapes:
            check = f"{mask}_{kind}" if kind in ONE_MASK_EACH else kind
            yield from DRAWING.on_shape(seed, check, shape, causal=causal)


def relation_cases(seed: int, *, causal: bool) -> Iterator[Case]:
    """Properties that relate several calls, or the outputs of one."""
    mask = mask_name(causal=causal)
    yield DRAWING.tile_sizes(seed, causal=causal)
    call = DRAWING.draw(seed, f"identities_{mask}", (2, 2, 19, 5, 8), causal=causal)
    yield Case("gradient_identities", f"identities_{mask}", (call,))
    for factor in (2.0, 1e4):
        calls = (call, {**call, "dO": call["dO"] * factor})
        yield Case("linear_in_upstream", f"upstream_times_{factor:g}_{mask}", calls)
    if causal:
        for size in (3, 4, 20):
            call = DRAWING.draw(seed, f"past_{size}", (2, 2, 12, 4, size), causal=True)
            other = call["dO"].copy()
            other[:, :, :7] *= -1e25
            yield Case("past_has_no_influence", f"past_{size}", (call, {**call, "dO": other}))


def large_scores(seed: int, *, causal: bool) -> Iterator[Regime]:
    """Check, label and call of each regime in which exp overflows without a running maximum."""
    mask = mask_name(causal=causal)
    for way, heights in LEVELS.items():
        for tile in (8, 5):
            call = DRAWING.steered(seed, f"{way}_{mask}", heights, causal=causal, tile=tile)
            yield "large_scores", f"{way}_{tile}", call
    base = DRAWING.draw(seed, f"random_{mask}", (2, 3, 19, 4, 8), causal=causal)
    times_40 = {**base, "Q": base["Q"] * 40, "K": base["K"] * 40}
    yield "large_random_scores", "times_40", times_40
    yield "large_random_scores", "times_1e4", {**base, "Q": base["Q"] * 1e4}


def regimes(seed: int, *, causal: bool) -> Iterator[Regime]:
    """Check, label and call of each regime whose scores do not fall far from tile to tile."""
    base, heads, rows = DRAWING.scales(seed, causal=causal)
    yield from DRAWING.regimes(seed, causal=causal)
    yield "value_scales", "dO_by_row", {**base, "dO": base["dO"] * rows**4}
    yield "value_scales", "by_head", {**base, "V": base["V"] * heads, "dO": base["dO"] / heads}
    yield "value_scales", "by_row", {**base, "V": base["V"] * rows, "dO": base["dO"] * rows[::-1]}
    yield "value_scales", "V_1e-9", {**base, "V": base["V"] * 1e-9}
    yield "value_scales", "dO_1e-9", {**base, "dO": base["dO"] * 1e-9}
    yield "value_scales", "V_plus_1000", {**base, "V": base["V"] + 1000}
