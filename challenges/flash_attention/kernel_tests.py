"""Cases and checks for the flash attention forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from challenges.flash_attention.reference import baseline, reference
from challenges.judging.array_function import ArrayFunction, Got, numeric, unanswered, within
from challenges.judging.attention import (
    CONTRACT,
    LEVELS,
    Drawing,
    Regime,
    Shape,
    mask_name,
    unseen_tiles,
)
from challenges.kit import Case, Finding, row_max, single

INPUTS = ("Q", "K", "V")
DRAWING = Drawing(INPUTS)
FUNCTION = ArrayFunction(reference, baseline, INPUTS, settings=("causal",), outputs=("O",))
SHAPES: dict[str, list[Shape]] = {
    "divisible": [(2, 3, 16, 8, 4), (1, 2, 64, 16, 16), (3, 1, 30, 5, 6)],
    "remainder": [(2, 3, 13, 4, 5), (1, 3, 50, 8, 16), (2, 1, 67, 3, 32), (1, 1, 130, 4, 64)],
    "remainder_one": [(2, 1, 65, 8, 64), (1, 3, 17, 4, 8), (2, 2, 9, 5, 4)],
    "tile_size_one": [(2, 3, 9, 4, 1), (1, 1, 20, 6, 1), (1, 2, 1, 3, 1)],
    "tile_larger_than_sequence": [(2, 3, 7, 4, 16), (1, 2, 63, 8, 64), (1, 1, 2, 5, 1000)],
    "single_token": [(2, 3, 1, 8, 4), (1, 1, 1, 4, 64), (3, 2, 1, 1, 1)],
    "batches_and_heads": [(5, 1, 11, 4, 4), (1, 7, 12, 5, 5), (3, 4, 10, 6, 4)],
    "head_dimensions": [(1, 2, 10, 1, 4), (1, 1, 12, 128, 5), (2, 1, 11, 33, 4), (1, 3, 6, 2, 4)],
}
ONE_MASK_EACH = ("divisible", "remainder", "remainder_one")  # a check for either mask


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    ways = ("held", "refilled", "strided")
    contract = DRAWING.contract_cases(seed, ways, long=(1, 1, 384, 2, 8), many=(3, 40, 24, 1, 2))
    unseen = DRAWING.unseen(seed, "later", ("K", "V"))
    return [*shape_cases(seed), *relation_cases(seed), *stability_cases(seed), *contract, *unseen]


def shape_cases(seed: int) -> Iterator[Case]:
    """Ordinary inputs on every shape, with and without the mask, in float64 and float32."""
    for kind, shapes in SHAPES.items():
        for shape in shapes:
            for causal in (True, False):
                check = f"{mask_name(causal=causal)}_{kind}" if kind in ONE_MASK_EACH else kind
                yield from DRAWING.on_shape(seed, check, shape, causal=causal)


def relation_cases(seed: int) -> Iterator[Case]:
    """Properties that relate several calls."""
    for causal in (True, False):
        yield DRAWING.tile_sizes(seed, causal=causal)
    for size in (3, 4, 20):
        call = DRAWING.draw(seed, f"future_{size}", (2, 2, 12, 4, size), causal=True)
        later = {"K": call["K"].copy(), "V": call["V"].copy()}
        later["K"][:, :, 7:] = 300 * later["K"][:, :, 7:] + 5
        later["V"][:, :, 7:] *= -1e25
        calls = (call, {**call, **later})
        yield Case("future_has_no_influence", f"future_{size}", calls)


def stability_cases(seed: int) -> Iterator[Case]:
    """Regimes that a careless online softmax does not survive."""
    levels = {**LEVELS, "last_wins": [0.0, 1.0, -900.0, 1000.0]}
    for causal in (True, False):
        mask = mask_name(causal=causal)
        for way, heights in levels.items():
            for tile in (8, 5):
                call = DRAWING.steered(seed, f"{way}_{mask}", heights, causal=causal, tile=tile)
                label = f"{way}_{mask}_{tile}"
                yield Case("large_scores", label, (call,))
                yield Case("float32_large_scores", f"float32_{label}", (single(call),))
        for check, label, call in regimes(seed, causal=causal):
            yield Case(check, f"{label}_{mask}", (call,))
            wide = check == "large_random_scores"
            check32 = "float32_large_scores" if wide else check
            yield Case(check32, f"float32_{label}_{mask}", (single(call),))


def regimes(seed: int, *, causal: bool) -> Iterator[Regime]:
    """Check, label and call of each regime other than the steered ones."""
    base, heads, rows = DRAWING.scales(seed, causal=causal)
    times_30 = {**base, "Q": base["Q"] * 30, "K": base["K"] * 30}
    yield "large_random_scores", "times_30", times_30
    yield "large_random_scores", "times_1e4", {**base, "Q": base["Q"] * 1e4}
    yield from DRAWING.regimes(seed, causal=causal)
    yield "value_scales", "winner_tiny", {**base, "Q": base["Q"] * 40, "V": base["V"] * rows**4}
    yield "value_scales", "by_head", {**base, "V": base["V"] * heads}
    yield "value_scales", "by_row", {**base, "V": base["V"] * rows}
    yield "value_scales", "times_1e-9", {**base, "V": base["V"] * 1e-9}
    yield "value_scales", "plus_1000", {**base, "V": base["V"] + 1000}


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    special = {
        **CONTRACT,
        "future_has_no_influence": future_has_no_influence,
        "inputs_unchanged": FUNCTION.inputs_unchanged,
        "deterministic": FUNCTION.deterministic,
        "unseen_tiles_are_skipped": partial(unseen_tiles, FUNCTION),
    }
    return unanswered(case, got) or special.get(case.check, FUNCTION.values)(case, got)


def future_has_no_influence(case: Case, got: Got) -> list[Finding]:
    """The rows before the change agree between the two calls, and with the reference."""
    call = case.calls[0]
    first, second = (numeric(items.get("O"), call["Q"].shape) for items in got)
    if first is None or second is None:
        return [Finding("O", False, detail="no numeric array of the shape of Q")]
    bound = 2 * FUNCTION.expected(call, got[0]["O"]).allowed["O"]
    moved = within("rows before", row_max(second - first)[:, :, :7], bound[:, :, :7])
    return [moved, *FUNCTION.judged(call, got[0])]
