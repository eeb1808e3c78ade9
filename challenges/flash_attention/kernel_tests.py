"""Cases and checks for the flash attention forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from challenges.flash_attention.reference import baseline, reference
from challenges.kit import (
    Case,
    Finding,
    as_float,
    compare_all,
    oracle,
    ratio,
    rng,
    row_max,
    same,
    single,
)

Call = dict[str, Any]
# (B, H, N, D, T): batch, heads, tokens, head dimension, tile size.
SHAPES = {
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
# Outputs that fail on a tile of one row should fail here and nowhere else: no other case has one.
ONE_ROW = ("remainder_one", "tile_size_one", "single_token")
GROWTH_LIMIT = 2.3  # of the peak when N doubles: linear 2 at most; with an N x N mask of bytes 2.5
TILE_LIMIT = 24  # x the inputs; tiles of 64 x 64 for every head are 21 x for each array of them


def draw(seed: int, name: str, shape: tuple[int, ...], *, causal: bool, **more: Any) -> Call:
    """One call with standard normal Q, K, V of shape (B, H, N, D)."""
    r = rng(seed, name)
    arrays = {key: r.normal(size=shape[:4]) for key in ("Q", "K", "V")}
    return {**arrays, "tile_size": shape[4], "causal": causal, **more}


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return [
        *shape_cases(seed),
        *relation_cases(seed),
        *stability_cases(seed),
        *contract_cases(seed),
    ]


def shape_cases(seed: int) -> list[Case]:
    """Ordinary inputs on every shape, with and without the mask, in float64 and float32."""
    made = []
    for kind, shapes in SHAPES.items():
        for shape in shapes:
            for causal in (True, False):
                mask = "causal" if causal else "noncausal"
                label = f"{mask}_{'x'.join(map(str, shape))}"
                call = draw(seed, label, shape, causal=causal)
                check = f"{mask}_{kind}" if kind in ONE_MASK_EACH else kind
                made.append(Case(check, f"{kind}_{label}", (call,)))
                check32 = check if kind in ONE_ROW else "float32_inputs"
                made.append(Case(check32, f"float32_{kind}_{label}", (single(call),)))
    return made


def relation_cases(seed: int) -> list[Case]:
    """Properties that relate several calls."""
    made = []
    for causal in (True, False):
        mask = "causal" if causal else "noncausal"
        call = draw(seed, f"tiles_{mask}", (1, 2, 23, 4, 3), causal=causal)
        calls = tuple({**call, "tile_size": size} for size in (3, 5, 7, 16, 23, 24, 100))
        made.append(Case("tile_size_does_not_matter", f"tiles_{mask}", calls))
    for size in (3, 4, 20):
        call = draw(seed, f"future_{size}", (2, 2, 12, 4, size), causal=True)
        later = {"K": call["K"].copy(), "V": call["V"].copy()}
        later["K"][:, :, 7:] = 300 * later["K"][:, :, 7:] + 5
        later["V"][:, :, 7:] *= -1e25
        calls = (call, {**call, **later})
        made.append(Case("future_has_no_influence", f"future_{size}", calls))
    return made


def steered(seed: int, name: str, levels: list[float], *, causal: bool, tile: int = 8) -> Call:
    """Scores that follow the levels along the keys, level by level, plus a little of everything."""
    call = draw(seed, name, (1, 2, 8 * len(levels), 4, tile), causal=causal)
    call["Q"][..., 0], call["K"][..., 0] = 2.0, np.repeat(levels, 8) + 0.5 * call["K"][..., 0]
    return call


def stability_cases(seed: int) -> list[Case]:
    """Regimes that a careless online softmax does not survive."""
    levels = {
        "falls": [1500.0, 0.0, -1500.0],
        "rises": [-3000.0, 0.0, 3000.0],
        "swings": [0.0, -800.0, 800.0, -800.0],
        "last_wins": [0.0, 1.0, -900.0, 1000.0],
    }
    made = []
    for causal in (True, False):
        mask = "causal" if causal else "noncausal"
        for way, heights in levels.items():
            for tile in (8, 5):
                call = steered(seed, f"{way}_{mask}", heights, causal=causal, tile=tile)
                made.append(Case("large_scores", f"{way}_{mask}_{tile}", (call,)))
                made.append(
                    Case("float32_large_scores", f"float32_{way}_{mask}_{tile}", (single(call),))
                )
        for check, label, call in regimes(seed, mask, causal=causal):
            made.append(Case(check, f"{label}_{mask}", (call,)))
            wide = check == "large_random_scores"
            check32 = "float32_large_scores" if wide else check
            made.append(Case(check32, f"float32_{label}_{mask}", (single(call),)))
    return made


def regimes(seed: int, mask: str, *, causal: bool) -> list[tuple[str, str, Call]]:
    """Check, label and call of each regime other than the steered ones."""
    base = draw(seed, f"regimes_{mask}", (2, 3, 19, 4, 8), causal=causal)
    low = steered(seed, f"low_{mask}", [-5e4, -5e4, -5e4], causal=causal)
    scales = 10.0 ** rng(seed, f"scales_{mask}").uniform(-3, 3, size=(2, 3, 1, 1))
    rows = 10.0 ** rng(seed, f"rows_{mask}").uniform(-6, 0, size=(2, 3, 19, 1))
    return [
        ("large_random_scores", "times_30", {**base, "Q": base["Q"] * 30, "K": base["K"] * 30}),
        ("large_random_scores", "times_1e4", {**base, "Q": base["Q"] * 1e4}),
        ("very_negative_scores", "minus_50000", low),
        ("equal_scores", "no_query", {**base, "Q": base["Q"] * 0}),
        ("equal_scores", "same_key", {**base, "K": base["K"][:, :, :1].repeat(19, axis=2)}),
        (
            "value_scales",
            "light_keys_heavy",
            {**base, "Q": base["Q"] * 4, "V": base["V"] / rows**2},
        ),
        ("value_scales", "winner_tiny", {**base, "Q": base["Q"] * 40, "V": base["V"] * rows**4}),
        ("value_scales", "by_head", {**base, "V": base["V"] * scales}),
        ("value_scales", "by_row", {**base, "V": base["V"] * rows}),
        ("value_scales", "times_1e-9", {**base, "V": base["V"] * 1e-9}),
        ("value_scales", "plus_1000", {**base, "V": base["V"] + 1000}),
    ]


def contract_cases(seed: int) -> list[Case]:
    """State, side effects, memory, defaults."""
    shape = (2, 3, 14, 4, 4)
    a = draw(seed, "a", shape, causal=True)
    b = draw(seed, "b", shape, causal=True)
    long = draw(seed, "long", (1, 1, 384, 2, 8), causal=True, do="measured")
    many = draw(seed, "many", (3, 6, 64, 1, 4), causal=False, do="measured")
    masks = (a, {**a, "causal": False}, a, {**b, "causal": False, "tile_size": 5}, b)
    other = draw(seed, "c", (1, 2, 9, 6, 3), causal=True)
    return [
        Case("inputs_unchanged", "inputs_unchanged", (a,)),
        Case("inputs_unchanged", "inputs_unchanged_noncausal", ({**single(b), "causal": False},)),
        *(
            Case("calls_are_independent", f"calls_{do}", ({**a, "do": do},))
            for do in ("held", "refilled", "strided")
        ),
        Case("calls_are_independent", "calls_a_b_a", (a, b, a)),
        Case("calls_are_independent", "calls_masks", masks),
        Case("calls_are_independent", "calls_shapes", (a, other, a)),
        Case("deterministic", "deterministic", (a, a, a)),
        Case("memory_below_quadratic", "memory_causal", (long,)),
        Case("memory_below_quadratic", "memory_noncausal", ({**long, "causal": False},)),
        Case("memory_follows_tile_size", "memory_small_tiles", (many,)),
        Case("default_is_causal", "default_is_causal", ({"do": "default"},)),
    ]


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    special = {
        "future_has_no_influence": future_has_no_influence,
        "inputs_unchanged": inputs_unchanged,
        "deterministic": deterministic,
        "memory_below_quadratic": growth_of_memory,
        "memory_follows_tile_size": memory_of_tiles,
        "default_is_causal": default_is_causal,
    }
    if len(got) != len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    return special.get(case.check, values)(case, got)


def values(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Every call's output against the reference."""
    found = []
    for call, items in zip(case.calls, got, strict=True):
        found += compare_all(reference, numbers(call), items, ("O",), baselines=(baseline,))
    return found


def numbers(call: Any) -> Call:
    """The part of a call that the reference takes."""
    return {name: call[name] for name in ("Q", "K", "V", "causal")}


def future_has_no_influence(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The rows before the change agree between the two calls, and with the reference."""
    rows = [as_float(items.get("O")) for items in got]
    if any(row is None or row.shape != case.calls[0]["Q"].shape for row in rows):
        return [Finding("O", False, detail="no numeric array of the shape of Q")]
    narrow = np.float32 if got[0]["O"].dtype == np.float32 else None
    expected = oracle(reference, numbers(case.calls[0]), baselines=(baseline,), dtype=narrow)
    error = row_max(rows[1] - rows[0])[:, :, :7]
    bound = 2 * expected.allowed["O"][:, :, :7]
    worst = int(np.argmax(error / bound))
    ok = bool((error <= bound).all())
    return [
        Finding("rows before", ok, float(error.flat[worst]), float(bound.flat[worst])),
        *compare_all(reference, numbers(case.calls[0]), got[0], ("O",), baselines=(baseline,)),
    ]


def inputs_unchanged(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The arrays passed in hold what they held, bit by bit."""
    return [same(n, got[0].get(f"{n}_after"), case.calls[0][n]) for n in ("Q", "K", "V")]


def deterministic(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Every answer is right, and the later ones equal the first bit by bit."""
    return values(case, got) + [same("O", later.get("O"), got[0].get("O")) for later in got[1:]]


def growth_of_memory(_case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The peak when N doubles, as a multiple; the inputs and the output alone give 2."""
    return [ratio("growth", got[0].get("peak"), got[0].get("half_peak"), GROWTH_LIMIT)]


def memory_of_tiles(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The peak of a call with small tiles as a multiple of the inputs' size."""
    size = sum(case.calls[0][name].nbytes for name in ("Q", "K", "V"))
    return [ratio("work space", got[0].get("peak"), size, TILE_LIMIT)]


def default_is_causal(_case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Left out, causal is True."""
    return [same("default of causal", got[0].get("default"), True)]
