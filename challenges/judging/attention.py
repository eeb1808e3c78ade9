"""What the kernel tests of both passes of attention share: inputs, memory, the default mask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.judging.array_function import ArrayFunction, Got, numeric, within
from challenges.kit import Case, Finding, ratio, rng, row_max, same, single

Call = dict[str, Any]
Shape = tuple[int, int, int, int, int]  # batch B, heads H, tokens N, head dimension D, tile T
Regime = tuple[str, str, Call]  # check, label, call

# Outputs that fail on a tile of one row should fail here and nowhere else: no other case has one.
ONE_ROW = ("remainder_one", "tile_size_one", "single_token")
LEVELS = {  # the heights of the scores, eight keys each; float64's exp overflows at 709
    "falls": [1500.0, 0.0, -1500.0],
    "rises": [-3000.0, 0.0, 3000.0],
    "swings": [0.0, -800.0, 800.0, -800.0],
    "soars": [-2e5, 0.0, 2e5],
}
GROWTH_LIMIT = 2.3  # of the peak when N doubles: linear 2 at most; with an N x N mask of bytes 2.5
TILE_LIMIT = 18  # x the inputs, of 24 tokens; 24 x 24 scores for every head are 8 x for each array


def mask_name(*, causal: bool) -> str:
    """The mask in the names of cases and checks."""
    return "causal" if causal else "noncausal"


@dataclass(frozen=True)
class Drawing:
    """How calls are drawn. arrays: the names of those that a call holds."""

    arrays: tuple[str, ...]

    def draw(self, seed: int, name: str, shape: Shape, *, causal: bool, **more: Any) -> Call:
        """One call with standard normal arrays of shape (B, H, N, D)."""
        r = rng(seed, name)
        arrays = {key: r.normal(size=shape[:4]) for key in self.arrays}
        return {**arrays, "tile_size": shape[4], "causal": causal, **more}

    def steered(
        self, seed: int, name: str, levels: Sequence[float], *, causal: bool, tile: int = 8
    ) -> Call:
        """Scores that follow the levels along the keys, plus a little of everything."""
        call = self.draw(seed, name, (1, 2, 8 * len(levels), 4, tile), causal=causal)
        call["Q"][..., 0], call["K"][..., 0] = 2.0, np.repeat(levels, 8) + 0.5 * call["K"][..., 0]
        return call

    def on_shape(self, seed: int, check: str, shape: Shape, *, causal: bool) -> Iterator[Case]:
        """Ordinary inputs in float64 and float32. A check for either mask begins with its name."""
        mask = mask_name(causal=causal)
        label = f"{mask}_{'x'.join(map(str, shape))}"
        kind = check.removeprefix(f"{mask}_")
        call = self.draw(seed, label, shape, causal=causal)
        yield Case(check, f"{kind}_{label}", (call,))
        check32 = check if kind in ONE_ROW else "float32_inputs"
        yield Case(check32, f"float32_{kind}_{label}", (single(call),))

    def tile_sizes(self, seed: int, *, causal: bool) -> Case:
        """The same numbers under several tile sizes."""
        mask = mask_name(causal=causal)
        call = self.draw(seed, f"tiles_{mask}", (1, 2, 23, 4, 3), causal=causal)
        calls = tuple({**call, "tile_size": size} for size in (3, 5, 7, 16, 23, 24, 100))
        return Case("tile_size_does_not_matter", f"tiles_{mask}", calls)

    def regimes(self, seed: int, *, causal: bool) -> Iterator[Regime]:
        """Regimes of Q, K and V whose scores do not fall far from tile to tile."""
        base, _, rows = self.scales(seed, causal=causal)
        mask = mask_name(causal=causal)
        low = self.steered(seed, f"low_{mask}", [-2e5, -2e5, -2e5], causal=causal)
        heavy = {**base, "Q": base["Q"] * 4, "V": base["V"] / rows**2}
        yield "very_negative_scores", "minus_200000", low
        yield "equal_scores", "no_query", {**base, "Q": base["Q"] * 0}
        yield "equal_scores", "same_key", {**base, "K": base["K"][:, :, :1].repeat(19, axis=2)}
        yield "value_scales", "light_keys_heavy", heavy

    def unseen(self, seed: int, part: str, names: Sequence[str]) -> Iterator[Case]:
        """No numbers (NaN) in whole tiles of these arrays, "earlier" or "later" ones.

        The rows of the other tiles do not see them. What multiplies them by zero instead of
        skipping them answers NaN.
        """
        for tile in (3, 4):
            call = self.draw(seed, f"unseen_{part}_{tile}", (2, 2, 12, 4, tile), causal=True)
            hidden = np.arange(12) >= 2 * tile
            call |= {"judged": ~hidden if part == "later" else hidden}
            for name in names:
                call[name][:, :, ~call["judged"]] = np.nan
            yield Case("unseen_tiles_are_skipped", f"unseen_{part}_{tile}", (call,))

    def scales(self, seed: int, *, causal: bool) -> tuple[Call, NDArray[Any], NDArray[Any]]:
        """An ordinary call, a scale for each of its heads and one for each of its rows."""
        mask = mask_name(causal=causal)
        base = self.draw(seed, f"regimes_{mask}", (2, 3, 19, 4, 8), causal=causal)
        heads = 10.0 ** rng(seed, f"scales_{mask}").uniform(-3, 3, size=(2, 3, 1, 1))
        rows = 10.0 ** rng(seed, f"rows_{mask}").uniform(-6, 0, size=(2, 3, 19, 1))
        return base, heads, rows

    def contract_cases(
        self, seed: int, ways: Sequence[str], long: Shape, many: Shape
    ) -> Iterator[Case]:
        """State, side effects, memory, defaults.

        ways: manners of calling that expose state. long: a shape of many tokens, for the growth of
        memory with N. many: one of many heads, for memory with small tiles.
        """
        a, b = (self.draw(seed, name, (2, 3, 14, 4, 4), causal=True) for name in "ab")
        other = self.draw(seed, "c", (1, 2, 9, 6, 3), causal=True)
        short = self.draw(seed, "d", (1, 2, 3, 4, 4), causal=True)  # less than a tile
        masks = (a, {**a, "causal": False}, a, {**b, "causal": False, "tile_size": 5}, b)
        far = self.draw(seed, "long", long, causal=True, do="measured")
        small = self.draw(seed, "many", many, causal=False, do="measured")
        yield Case("inputs_unchanged", "inputs_unchanged", (a,))
        yield Case(
            "inputs_unchanged", "inputs_unchanged_noncausal", ({**single(b), "causal": False},)
        )
        for do in ways:
            yield Case("calls_are_independent", f"calls_{do}", ({**a, "do": do},))
        yield Case("calls_are_independent", "calls_a_b_a", (a, b, a))
        yield Case("calls_are_independent", "calls_masks", masks)
        yield Case("calls_are_independent", "calls_shapes", (short, a, other, a))
        yield Case("calls_are_independent", "calls_dtypes", (single(b), a, single(b)))
        yield Case("deterministic", "deterministic", (a, a, a))
        yield Case("memory_below_quadratic", "memory_causal", (far,))
        yield Case("memory_below_quadratic", "memory_noncausal", ({**far, "causal": False},))
        yield Case("memory_follows_tile_size", "memory_small_tiles", (small,))
        yield Case("default_is_causal", "default_is_causal", ({"do": "default"},))


def unseen_tiles(function: ArrayFunction, case: Case, got: Got) -> list[Finding]:
    """The judged rows of the outputs that do not depend on what is not a number."""
    call = case.calls[0]
    clean = {name: np.nan_to_num(call[name], nan=0.0) for name in function.inputs}
    seen = function.outputs if np.isfinite(call["K"]).all() else ("O", "dQ")
    found = []
    for name in [name for name in function.outputs if name in seen]:
        value = numeric(got[0].get(name), call["Q"].shape)
        if value is None:
            return [Finding(name, False, detail="no numeric array of the shape of Q")]
        expected = function.expected({**call, **clean}, got[0][name])
        error = row_max(value - expected.answer[name])[:, :, call["judged"]]
        found.append(within(name, error, expected.allowed[name][:, :, call["judged"]]))
    return found


def growth_of_memory(_case: Case, got: Got) -> list[Finding]:
    """The peak when N doubles, as a multiple; the inputs and the outputs alone give 2."""
    return [ratio("growth", got[0].get("peak"), got[0].get("half_peak"), GROWTH_LIMIT)]


def memory_of_tiles(case: Case, got: Got) -> list[Finding]:
    """The peak of a call with small tiles as a multiple of the inputs' size."""
    given = case.calls[0].values()
    size = sum(value.nbytes for value in given if isinstance(value, np.ndarray))
    return [ratio("work space", got[0].get("peak"), size, TILE_LIMIT)]


def default_is_causal(_case: Case, got: Got) -> list[Finding]:
    """Left out, causal is True."""
    return [same("default of causal", got[0].get("default"), True)]


CONTRACT = {
    "memory_below_quadratic": growth_of_memory,
    "memory_follows_tile_size": memory_of_tiles,
    "default_is_causal": default_is_causal,
}
