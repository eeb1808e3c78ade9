"""Cases and checks for the fused softmax + top-k."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.fuse.reference import BASELINES, largest, reference
from challenges.kit import Case, Finding, compare, oracle, rng

ROW_BLOCK = 8  # rows of logits that work space must stay below
Call = dict[str, Any]


def draw(seed: int, name: str, rows: int, v: int, k: int) -> Call:
    """One call with normal logits, no two of a row equal."""
    r = rng(seed, name)
    logits = (3 * r.normal(size=(rows, v))).astype(np.float32)
    return {"logits": logits, "K": k}


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    made = [Case(c, f"{c}_{label}", (call,)) for c, label, call in values(seed)]
    made += [Case(c, f"{c}_{label}", (call,)) for c, label, call in regimes(seed)]
    return made + contract(seed)


def values(seed: int) -> Iterator[tuple[str, str, Call]]:
    """Shapes: (check, rows, V, K)."""
    shapes = [("small_vocabularies", 3, 33, 8), ("small_vocabularies", 5, 1000, 32)]
    shapes += [("small_vocabularies", 2, 4096, 16)]
    shapes += [("large_vocabularies", 2, 50257, 32), ("large_vocabularies", 1, 128256, 32)]
    shapes += [("large_vocabularies", 3, 151936, 8)]
    shapes += [("many_rows", 1024, 1000, 16), ("many_rows", 200, 2999, 32)]
    shapes += [("unaligned_rows", 7, 1021, 32), ("unaligned_rows", 5, 50259, 16)]
    shapes += [("k_equals_one", 4, 2000, 1), ("large_k", 3, 32000, 256), ("large_k", 40, 700, 256)]
    shapes += [("k_equals_v", 6, 32, 32), ("k_equals_v", 2, 256, 256)]
    shapes += [("odd_k", 4, 5003, 5), ("odd_k", 40, 1500, 20), ("odd_k", 3, 32000, 50)]
    for check, rows, v, k in shapes:
        label = f"{rows}x{v}_k{k}"
        yield check, label, draw(seed, label, rows, v, k)


def regimes(seed: int) -> Iterator[tuple[str, str, Call]]:
    """Check, label and call of each regime."""
    base = draw(seed, "regimes", 4, 5003, 32)
    x, r = base["logits"], rng(seed, "regimes", "places")
    yield "large_magnitudes", "1e3", {**base, "logits": x * 300}
    yield "large_magnitudes", "negative", {**base, "logits": x - 1000}
    yield "large_magnitudes", "positive", {**base, "logits": x + 1000}
    yield "ties", "all_equal", {**base, "logits": np.full_like(x, 1.25)}
    yield (
        "ties",
        "many_zeros",
        {**base, "logits": np.where(r.random(x.shape) < 0.002, abs(x), 0 * x)},
    )
    yield "ties", "half_integers", {**base, "logits": np.round(x) / 2}
    hidden = np.where(r.random(x.shape) < 0.5, -np.inf, x).astype(np.float32)
    yield "masked", "half", {**base, "logits": hidden}
    few = np.full_like(x, -np.inf)
    for row, count in enumerate((1, 5, 31, 33)):
        few[row, r.choice(x.shape[1], count, replace=False)] = x[row, :count]
    yield "masked", "all_but_a_few", {**base, "logits": few}
    yield "masked", "first_half", {**base, "logits": masked_start(x)}
    yield "sorted_rows", "ascending", {**base, "logits": np.sort(x)}
    yield "sorted_rows", "descending", {**base, "logits": np.sort(x)[:, ::-1].copy()}
    long = draw(seed, "long", 2, 60001, 32)
    yield "sorted_rows", "ascending_long", {**long, "logits": np.sort(long["logits"])}
    yield "one_stripe", "adjacent", {**base, "logits": raised(x, np.arange(2000, 2040))}
    for step in (32, 128, 256, 512, 1024):
        places = 5 + step * np.arange(40)
        stripe = draw(seed, f"stripe{step}", 2, 5 + step * 41, 32)
        yield (
            "one_stripe",
            f"every_{step}th",
            {**stripe, "logits": raised(stripe["logits"], places)},
        )
    yield "last_element", "last", {**base, "logits": raised(x, [-1])}
    yield "last_element", "first_and_last", {**base, "logits": raised(x, [0, -1])}


def masked_start(x: NDArray[Any]) -> NDArray[Any]:
    """The first half of every row is masked, so that whole tiles hold nothing."""
    made = x.copy()
    made[:, : x.shape[1] // 2] = -np.inf
    return made


def raised(x: NDArray[Any], places: Any) -> NDArray[Any]:
    """The logits with those at some places far above all others."""
    made = x.copy()
    made[:, places] = np.abs(made[:, places]) + 20
    return made


def contract(seed: int) -> list[Case]:
    """State, side effects, memory."""
    a, b = draw(seed, "a", 6, 3001, 32), draw(seed, "b", 9, 1500, 8)
    order = rng(seed, "order").permutation(6)
    other = {**a, "logits": a["logits"][order]}
    low = {**a, "logits": a["logits"] - 50}
    return [
        Case("rows_are_independent", "rows_permuted", (a, other)),
        Case("calls_are_independent", "calls_a_b_a", (a, b, a)),
        Case("calls_are_independent", "calls_lower", (a, low, a)),
        Case("inputs_unchanged", "inputs_unchanged", (draw(seed, "kept", 5, 2777, 16),)),
        Case("no_full_softmax", "no_full_softmax_32x12000", (draw(seed, "wide", 32, 12000, 32),)),
    ]


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    if len(got) != len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    found = []
    for call, items in zip(case.calls, got, strict=True):
        found += selection(call, items.get("idx"))
        found += [probabilities(call, items.get("probs")), intact(call, items)]
        if case.check == "no_full_softmax":
            found.append(work_space(call, items.get("work_space")))
    return found


def selection(call: Any, idx: Any) -> list[Finding]:
    """Indices: in range, distinct, those of the largest logits, in descending order."""
    x, k = call["logits"], call["K"]
    shape = (x.shape[0], k)
    if not isinstance(idx, np.ndarray) or idx.dtype.kind != "i" or idx.shape != shape:
        return [Finding("indices", False, detail=f"no integer array of shape {shape}")]
    outside = int(((idx < 0) | (idx >= x.shape[1])).sum())
    if outside:
        return [Finding("in range", False, detail=f"{outside} of {idx.size} out of range")]
    ranked = np.sort(idx, axis=1)
    twice = int((ranked[:, 1:] == ranked[:, :-1]).any(axis=1).sum())
    chosen, wanted = np.take_along_axis(x, idx.astype(np.int64), axis=1), largest(x, k)
    wrong = int((np.sort(chosen, axis=1)[:, ::-1] != wanted).any(axis=1).sum())
    unordered = int((chosen[:, 1:] > chosen[:, :-1]).any(axis=1).sum())
    return [
        Finding("in range", True),
        Finding("distinct", twice == 0, detail=rows(twice, x)),
        Finding("the largest", wrong == 0, detail=rows(wrong, x)),
        Finding("descending", unordered == 0, detail=rows(unordered, x)),
    ]


def rows(count: int, x: NDArray[Any]) -> str:
    """How many rows failed, for the reader."""
    return f"fails in {count} of {x.shape[0]} rows" if count else ""


def probabilities(call: Any, probs: Any) -> Finding:
    """Values against the float64 softmax, row by row. A row of nothing but -inf has none."""
    live = ~np.isneginf(call["logits"]).all(axis=1)
    if isinstance(probs, np.ndarray) and probs.shape[:1] == live.shape:
        probs, call = probs[live], {**call, "logits": call["logits"][live]}
    return compare("probs", probs, oracle(reference, call, baselines=BASELINES))


def intact(call: Any, items: dict[str, Any]) -> Finding:
    """The logits hold what they held, and the guards around all three buffers what they should."""
    before = hashlib.sha256(np.ascontiguousarray(call["logits"]).tobytes()).hexdigest()
    if items.get("logits_after") != before:
        return Finding("logits unchanged", False, detail="the logits were written to")
    ok = items.get("guards_intact") is True
    return Finding("guards", ok, detail="" if ok else "written outside the buffers")


def work_space(call: Any, used: Any) -> Finding:
    """Bytes of device memory asked for during the call, against a block of rows."""
    limit = ROW_BLOCK * call["logits"].shape[1] * 4
    if not isinstance(used, int):
        return Finding("work space", False, detail="not measured")
    return Finding("work space", used < limit, float(used), float(limit), f"{used} bytes")
