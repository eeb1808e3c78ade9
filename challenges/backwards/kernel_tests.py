"""Cases and checks for layer normalisation, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from challenges.backwards.reference import baseline, reference
from challenges.judging.array_function import ArrayFunction, Got, numeric, unanswered, within
from challenges.kit import Case, Finding, ratio, rng, single

FUNCTION = ArrayFunction(
    reference,
    baseline,
    inputs=("x", "gamma", "beta", "dy"),
    settings=("eps",),
    outputs=("y", "dx", "dgamma", "dbeta"),
)
JUDGED = {
    "forward": ("y",),
    "input_gradient": ("dx",),
    "scale_gradient": ("dgamma",),
    "shift_gradient": ("dbeta",),
}
# Ones, primes, a power of two and its neighbours; no two extents are equal but for ones. With
# two or three features dx cancels to nothing unless eps is of the size of the variance.
SHAPES = [(2, 3, 8), (1, 1, 7), (3, 1, 5), (1, 13, 6), (5, 17, 11), (4, 2, 64), (2, 3, 65)]
SHAPES += [(2, 1, 127), (1, 3, 257), (1, 2, 1025), (40, 30, 7), (3, 4, 1), (3, 5, 2), (2, 4, 3)]
PEAK_LIMIT = 60  # x the input; the Jacobians of all rows are 512 x, a row by row matrix 100 x
CACHE_LIMIT = 8  # x the input; the input and a few arrays of its size


def draw(
    seed: int, name: str, shape: tuple[int, int, int], eps: float = 1e-5, **more: Any
) -> dict[str, Any]:
    """One call with standard normal inputs, gamma and beta away from their usual one and zero."""
    r, width = rng(seed, name), shape[-1]
    return {
        "x": r.normal(size=shape),
        "gamma": r.normal(size=width) + np.sign(r.normal(size=width)),
        "beta": r.normal(size=width),
        "dy": r.normal(size=shape),
        "eps": eps,
        **more,
    }


def scaled(call: dict[str, Any], **factors: Any) -> dict[str, Any]:
    """The call with some of its arrays multiplied."""
    return {**call, **{name: call[name] * factor for name, factor in factors.items()}}


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return [*value_cases(seed), *stability_cases(seed), *contract_cases(seed)]


def value_cases(seed: int) -> list[Case]:
    """Ordinary inputs: every output on every shape, in float64 and float32."""
    made = []
    for shape in SHAPES:
        label = "x".join(map(str, shape))
        call = draw(seed, label, shape, eps=4.0 if shape[-1] < 4 else 1e-5)
        made += [Case(check, f"{check}_{label}", (call,)) for check in JUDGED]
        made.append(Case("float32_inputs", f"float32_{label}", (single(call),)))
    call = draw(seed, "identities", (3, 4, 19))
    made.append(Case("gradient_rows_sum_to_zero", "rows_sum_to_zero", (call,)))
    for factor in (2.0, 1e4):
        calls = (call, scaled(call, dy=factor))
        made.append(Case("linear_in_upstream", f"upstream_times_{factor:g}", calls))
    return made


def stability_cases(seed: int) -> list[Case]:
    """Regimes that a careless formula does not survive, in float64 and float32."""
    return [
        Case(check, f"{check}_{label}_{dtype}", (call if dtype == "float64" else single(call),))
        for check, label, call in regimes(seed)
        for dtype in ("float64", "float32")
    ]


def regimes(seed: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Check, label and call of each regime."""
    base = draw(seed, "regimes", (3, 5, 33))
    x = base["x"]
    yield "offset_rows", "1000", {**base, "x": x + 1000}
    yield "offset_rows", "mixed", {**base, "x": x + np.array([1e4, -1e4, 0]).reshape(3, 1, 1)}
    yield "large_values", "x_1e3", scaled(base, x=1e3)
    yield "large_values", "x_1e6", scaled(base, x=1e6)
    yield "large_values", "all_1e3", scaled(base, x=1e3, dy=1e3, gamma=1e3)
    yield "small_values", "x_3e-3", scaled(base, x=3e-3)
    yield "small_values", "x_1e-6", scaled(base, x=1e-6)
    yield "small_values", "dy_1e-6", scaled(base, dy=1e-6)
    # Whole numbers, which sum exactly in any order: the mean of such a row has no rounding error.
    flat = x.copy()
    flat[0], flat[1, 2], flat[2, 4] = 0.0, 1000.0, -3.0
    yield "constant_rows", "some", {**base, "x": flat}
    yield "constant_rows", "all", {**base, "x": np.full_like(x, 2.0)}
    rows = 10.0 ** rng(seed, "rows").permutation(np.linspace(-3, 3, 15)).reshape(3, 5, 1)
    yield "row_scales", "x", scaled(base, x=rows)
    yield "row_scales", "dy", scaled(base, dy=rows)
    yield "row_scales", "both", scaled(base, x=rows, dy=rows[::-1])
    outlier = draw(seed, "outlier", (2, 3, 301))
    yield "row_scales", "one_feature", scaled(outlier, x=np.where(np.arange(301) == 7, 1e4, 1.0))
    sparse = base["gamma"] * (np.arange(33) % 3 > 0)
    yield "zero_gamma", "some", {**base, "gamma": sparse}
    yield "zero_gamma", "all", {**base, "gamma": 0 * sparse}
    yield "zero_gamma", "tiny", {**base, "gamma": base["gamma"] * 1e-9, "beta": base["beta"] + 1e3}
    for eps in (1e-12, 1e-8, 1e-3, 0.1, 2.0):
        yield "eps_is_used", f"{eps:g}", {**scaled(base, x=0.05), "eps": eps}


def contract_cases(seed: int) -> list[Case]:
    """State, side effects, memory."""
    a, b = draw(seed, "a", (2, 3, 16)), draw(seed, "b", (2, 3, 16), eps=1e-3)
    wide = draw(seed, "wide", (4, 16, 512), do="measured")
    many = draw(seed, "many", (16, 50, 8), do="measured")
    ways = {do: ({**a, "do": do},) for do in ("interleaved", "refilled", "strided")}
    return [
        Case("inputs_unchanged", "inputs_unchanged", (a,)),
        Case("inputs_unchanged", "inputs_unchanged_float32", (single(a),)),
        *(Case("calls_are_independent", f"calls_{do}", calls) for do, calls in ways.items()),
        Case("calls_are_independent", "calls_a_b_a", (a, b, a)),
        Case("calls_are_independent", "calls_shapes", (a, draw(seed, "c", (5, 1, 9)), b, a)),
        Case("backward_can_repeat", "backward_can_repeat", ({**a, "do": "again"},)),
        Case("deterministic", "deterministic", (a, a, a)),
        Case("memory_is_linear", "memory_512_features", (wide,)),
        Case("memory_is_linear", "memory_800_rows", (many,)),
    ]


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    special = {
        "gradient_rows_sum_to_zero": rows_sum_to_zero,
        "inputs_unchanged": FUNCTION.inputs_unchanged,
        "deterministic": FUNCTION.deterministic,
        "memory_is_linear": memory_is_linear,
    }
    return unanswered(case, got) or special.get(case.check, values)(case, got)


def values(case: Case, got: Got) -> list[Finding]:
    """The outputs that a check judges against the reference."""
    return FUNCTION.values(case, got, JUDGED.get(case.check, ()))


def rows_sum_to_zero(case: Case, got: Got) -> list[Finding]:
    """Adding a constant to a row of x leaves y as it was, so dx is orthogonal to the constants."""
    call = case.calls[0]
    dx = numeric(got[0].get("dx"), call["x"].shape)
    if dx is None:
        return [Finding("dx", False, detail="no numeric array of the shape of x")]
    bound = FUNCTION.expected(call, got[0]["dx"]).allowed["dx"][..., 0] * dx.shape[-1]
    return [within("sum of dx", np.abs(dx.sum(-1)), bound)]


def memory_is_linear(case: Case, got: Got) -> list[Finding]:
    """Peak and cache as multiples of the input's size."""
    size, measured = case.calls[0]["x"].nbytes, got[0]
    return [
        ratio("work space", measured.get("peak_bytes"), size, PEAK_LIMIT),
        ratio("cache", measured.get("cache_bytes"), size, CACHE_LIMIT),
    ]
