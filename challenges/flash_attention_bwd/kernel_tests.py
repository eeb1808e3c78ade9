"""Cases and checks for the flash attention backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from challenges.flash_attention_bwd.reference import baseline, reference
from challenges.kit import (
    Case,
    Finding,
    Oracle,
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
INPUTS = ("Q", "K", "V", "dO")
OUTPUTS = ("O", "dQ", "dK", "dV")
JUDGED = {
    "forward_output": ("O",),
    "large_scores_forward_only": ("O",),
    "log_sum_exp": ("L",),
    "query_gradient": ("dQ",),
    "key_gradient": ("dK",),
    "value_gradient": ("dV",),
}
# (B, H, N, D, T): batch, heads, tokens, head dimension, tile size.
ONE_BY_ONE = [(2, 3, 16, 8, 4), (1, 2, 31, 5, 8), (3, 1, 30, 4, 6)]  # a check for each output
SHAPES = {
    "remainder": [(2, 3, 13, 4, 5), (1, 2, 50, 8, 16), (1, 1, 130, 4, 64)],
    "remainder_one": [(1, 2, 65, 8, 64), (1, 3, 17, 4, 8), (2, 2, 9, 5, 4)],
    "tile_size_one": [(2, 3, 9, 4, 1), (1, 1, 14, 6, 1)],
    "tile_larger_than_sequence": [(2, 3, 7, 4, 16), (1, 1, 63, 8, 64), (1, 1, 2, 5, 1000)],
    "single_token": [(2, 3, 1, 8, 4), (1, 1, 1, 4, 64), (3, 2, 1, 1, 1)],
    "batches_and_heads": [(5, 1, 11, 4, 4), (1, 7, 12, 5, 5), (3, 4, 10, 6, 4)],
    "head_dimensions": [(1, 2, 10, 1, 4), (1, 1, 12, 128, 5), (2, 1, 11, 33, 4)],
}
ONE_MASK_EACH = ("remainder",)  # a check for either mask
# Outputs that fail on a tile of one row should fail here and nowhere else: no other case has one.
ONE_ROW = ("remainder_one", "tile_size_one", "single_token")
LEVELS = {  # the heights of the scores, eight keys each; float64's exp overflows at 709
    "falls": [1500.0, 0.0, -1500.0],
    "rises": [-3000.0, 0.0, 3000.0],
    "swings": [0.0, -800.0, 800.0, -800.0],
}
GROWTH_LIMIT = 2.3  # of the peak when N doubles: linear 2 at most
TILE_LIMIT = 24  # x the inputs; tiles of 64 x 64 for every head are 16 x for each array of them


def draw(seed: int, name: str, shape: tuple[int, ...], *, causal: bool, **more: Any) -> Call:
    """One call with standard normal Q, K, V and dO of shape (B, H, N, D)."""
    r = rng(seed, name)
    arrays = {key: r.normal(size=shape[:4]) for key in INPUTS}
    return {**arrays, "tile_size": shape[4], "causal": causal, **more}


def steered(seed: int, name: str, levels: list[float], *, causal: bool, tile: int = 8) -> Call:
    """Scores that follow the levels along the keys, plus a little of everything."""
    call = draw(seed, name, (1, 2, 8 * len(levels), 4, tile), causal=causal)
    call["Q"][..., 0], call["K"][..., 0] = 2.0, np.repeat(levels, 8) + 0.5 * call["K"][..., 0]
    return call


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    masked = [case for causal in (True, False) for case in masked_cases(seed, causal=causal)]
    return [*masked, *contract_cases(seed)]


def masked_cases(seed: int, *, causal: bool) -> Iterator[Case]:
    """All cases that exist with and without the mask, in float64 and float32."""
    mask = "causal" if causal else "noncausal"
    yield from shape_cases(seed, mask, causal=causal)
    yield from relation_cases(seed, mask, causal=causal)
    for check, label, call in large_scores(seed, mask, causal=causal):
        yield Case(check, f"{label}_{mask}", (call,))
        yield Case("large_scores_forward_only", f"forward_{label}_{mask}", (call,))
        yield Case("float32_large_scores", f"float32_{label}_{mask}", (single(call),))
    for check, label, call in regimes(seed, mask, causal=causal):
        yield Case(check, f"{label}_{mask}", (call,))
        yield Case(check, f"float32_{label}_{mask}", (single(call),))


def shape_cases(seed: int, mask: str, *, causal: bool) -> Iterator[Case]:
    """Ordinary inputs on every shape."""
    for shape in ONE_BY_ONE:
        label = f"{mask}_{'x'.join(map(str, shape))}"
        call = draw(seed, label, shape, causal=causal)
        for check in ("forward_output", "query_gradient", "key_gradient", "value_gradient"):
            yield Case(check, f"{check}_{label}", (call,))
        yield Case("log_sum_exp", f"log_sum_exp_{label}", ({**call, "do": "logsumexp"},))
        yield Case("float32_inputs", f"float32_{label}", (single(call),))
    for kind, shapes in SHAPES.items():
        for shape in shapes:
            label = f"{mask}_{'x'.join(map(str, shape))}"
            call = draw(seed, label, shape, causal=causal)
            check = f"{mask}_{kind}" if kind in ONE_MASK_EACH else kind
            yield Case(check, f"{kind}_{label}", (call,))
            check32 = check if kind in ONE_ROW else "float32_inputs"
            yield Case(check32, f"float32_{kind}_{label}", (single(call),))


def relation_cases(seed: int, mask: str, *, causal: bool) -> Iterator[Case]:
    """Properties that relate several calls, or the outputs of one."""
    call = draw(seed, f"tiles_{mask}", (1, 2, 23, 4, 3), causal=causal)
    tiles = tuple({**call, "tile_size": size} for size in (3, 5, 7, 16, 23, 24, 100))
    yield Case("tile_size_does_not_matter", f"tiles_{mask}", tiles)
    call = draw(seed, f"identities_{mask}", (2, 2, 19, 5, 8), causal=causal)
    yield Case("gradient_identities", f"identities_{mask}", (call,))
    for factor in (2.0, 1e4):
        calls = (call, {**call, "dO": call["dO"] * factor})
        yield Case("linear_in_upstream", f"upstream_times_{factor:g}_{mask}", calls)
    if causal:
        for size in (3, 4, 20):
            call = draw(seed, f"past_{size}", (2, 2, 12, 4, size), causal=True)
            other = call["dO"].copy()
            other[:, :, :7] *= -1e25
            yield Case("past_has_no_influence", f"past_{size}", (call, {**call, "dO": other}))


def large_scores(seed: int, mask: str, *, causal: bool) -> Iterator[tuple[str, str, Call]]:
    """Check, label and call of each regime in which exp overflows without a running maximum."""
    for way, heights in LEVELS.items():
        for tile in (8, 5):
            call = steered(seed, f"{way}_{mask}", heights, causal=causal, tile=tile)
            yield "large_scores", f"{way}_{tile}", call
    base = draw(seed, f"random_{mask}", (2, 3, 19, 4, 8), causal=causal)
    times_40 = {**base, "Q": base["Q"] * 40, "K": base["K"] * 40}
    yield "large_random_scores", "times_40", times_40
    yield "large_random_scores", "times_1e4", {**base, "Q": base["Q"] * 1e4}


def regimes(seed: int, mask: str, *, causal: bool) -> Iterator[tuple[str, str, Call]]:
    """Check, label and call of each regime whose scores do not fall far from tile to tile."""
    base = draw(seed, f"regimes_{mask}", (2, 3, 19, 4, 8), causal=causal)
    low = steered(seed, f"low_{mask}", [-5e4, -5e4, -5e4], causal=causal)
    scales = 10.0 ** rng(seed, f"scales_{mask}").uniform(-3, 3, size=(2, 3, 1, 1))
    rows = 10.0 ** rng(seed, f"rows_{mask}").uniform(-6, 0, size=(2, 3, 19, 1))
    yield "very_negative_scores", "minus_50000", low
    yield "equal_scores", "no_query", {**base, "Q": base["Q"] * 0}
    yield "equal_scores", "same_key", {**base, "K": base["K"][:, :, :1].repeat(19, axis=2)}
    yield "value_scales", "light_keys_heavy", {**base, "Q": base["Q"] * 4, "V": base["V"] / rows**2}
    yield "value_scales", "dO_by_row", {**base, "dO": base["dO"] * rows**4}
    yield "value_scales", "by_head", {**base, "V": base["V"] * scales, "dO": base["dO"] / scales}
    yield "value_scales", "by_row", {**base, "V": base["V"] * rows, "dO": base["dO"] * rows[::-1]}
    yield "value_scales", "V_1e-9", {**base, "V": base["V"] * 1e-9}
    yield "value_scales", "dO_1e-9", {**base, "dO": base["dO"] * 1e-9}
    yield "value_scales", "V_plus_1000", {**base, "V": base["V"] + 1000}


def contract_cases(seed: int) -> list[Case]:
    """State, side effects, memory, defaults."""
    shape = (2, 3, 14, 4, 4)
    a, b = (draw(seed, name, shape, causal=True) for name in "ab")
    long = draw(seed, "long", (1, 1, 256, 2, 8), causal=True, do="measured")
    many = draw(seed, "many", (2, 4, 64, 1, 4), causal=False, do="measured")
    masks = (a, {**a, "causal": False}, a, {**b, "causal": False, "tile_size": 5}, b)
    other = draw(seed, "c", (1, 2, 9, 6, 3), causal=True)
    return [
        Case("inputs_unchanged", "inputs_unchanged", (a,)),
        Case("inputs_unchanged", "inputs_unchanged_noncausal", ({**single(b), "causal": False},)),
        *(
            Case("calls_are_independent", f"calls_{do}", ({**a, "do": do},))
            for do in ("interleaved", "refilled", "strided")
        ),
        Case("calls_are_independent", "calls_a_b_a", (a, b, a)),
        Case("calls_are_independent", "calls_masks", masks),
        Case("calls_are_independent", "calls_shapes", (a, other, a)),
        Case("backward_can_repeat", "backward_can_repeat", ({**a, "do": "again"},)),
        Case("deterministic", "deterministic", (a, a, a)),
        Case("memory_below_quadratic", "memory_causal", (long,)),
        Case("memory_below_quadratic", "memory_noncausal", ({**long, "causal": False},)),
        Case("memory_follows_tile_size", "memory_small_tiles", (many,)),
        Case("default_is_causal", "default_is_causal", ({"do": "default"},)),
    ]


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    special = {
        "gradient_identities": gradient_identities,
        "past_has_no_influence": past_has_no_influence,
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
    """Every call's outputs against the reference."""
    names, found = JUDGED.get(case.check, OUTPUTS), []
    for call, items in zip(case.calls, got, strict=True):
        found += compare_all(reference, numbers(call), items, names, baselines=(baseline,))
    return found


def numbers(call: Any) -> Call:
    """The part of a call that the reference takes."""
    return {name: call[name] for name in (*INPUTS, "causal")}


def expected(call: Any, values: Any) -> Oracle:
    """The oracle for what came back: in float32 if that is what it is, else as the inputs are."""
    narrow = np.float32 if values.dtype == np.float32 else None
    return oracle(reference, numbers(call), baselines=(baseline,), dtype=narrow)


def shaped(call: Any, got: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Whether these outputs are numeric arrays of the shape of Q."""
    arrays = [as_float(got.get(name)) for name in names]
    return all(array is not None and array.shape == call["Q"].shape for array in arrays)


def gradient_identities(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The same vector added to every key leaves O alone; the weights of every query sum to one."""
    call, items = case.calls[0], got[0]
    if not shaped(call, items, ("dK", "dV")):
        return [Finding("dK, dV", False, detail="no numeric arrays of the shape of Q")]
    allowed = expected(call, items["dK"]).allowed
    sums = {"dK": 0.0, "dV": call["dO"].sum(2)}
    return [
        within(
            f"sum of {name}",
            as_float(items[name]).sum(2) - total,
            allowed[name].sum(2),  # type: ignore[union-attr]
        )
        for name, total in sums.items()
    ]


def past_has_no_influence(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The gradients of the later tokens agree between the two calls, and with the reference."""
    call = case.calls[0]
    if not all(shaped(call, items, OUTPUTS) for items in got):
        return [Finding("gradients", False, detail="no numeric arrays of the shape of Q")]
    allowed = expected(call, got[0]["dQ"]).allowed
    found = []
    for name in ("dQ", "dK", "dV"):
        moved = np.asarray(as_float(got[1][name])) - np.asarray(as_float(got[0][name]))
        found.append(within(f"later {name}", moved[:, :, 7:], 2 * allowed[name][:, :, 7:]))
    return found + compare_all(reference, numbers(call), got[0], OUTPUTS, baselines=(baseline,))


def within(name: str, difference: Any, bound: Any) -> Finding:
    """A difference against a bound for each of its rows."""
    error = row_max(difference)
    worst = int(np.argmax(np.where(np.isfinite(error), error / bound, np.inf)))
    ok = bool((error <= bound).all())
    return Finding(name, ok, float(error.flat[worst]), float(bound.flat[worst]))


def inputs_unchanged(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The arrays passed in hold what they held, bit by bit."""
    return [same(name, got[0].get(f"{name}_after"), case.calls[0][name]) for name in INPUTS]


def deterministic(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Every answer is right, and the later ones equal the first bit by bit."""
    found = values(case, got)
    for later in got[1:]:
        found += [same(name, later.get(name), got[0].get(name)) for name in OUTPUTS]
    return found


def growth_of_memory(_case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The peak when N doubles, as a multiple; the inputs and the outputs alone give 2."""
    return [ratio("growth", got[0].get("peak"), got[0].get("half_peak"), GROWTH_LIMIT)]


def memory_of_tiles(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """The peak of a call with small tiles as a multiple of the inputs' size."""
    size = sum(case.calls[0][name].nbytes for name in INPUTS)
    return [ratio("work space", got[0].get("peak"), size, TILE_LIMIT)]


def default_is_causal(_case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Left out, causal is True."""
    return [same("default of causal", got[0].get("default"), True)]
