"""Cases and checks for the KV-cache: answers are compared with full recomputation in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import (
    Case,
    Finding,
    Oracle,
    as_float,
    compare,
    describe,
    oracle,
    rng,
    same,
    unit_roundoff,
)
from challenges.kv import reference

Array = NDArray[Any]
Call = dict[str, Any]
Inputs = Mapping[str, Any]
WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
QUANTISED_ERROR = 0.02  # of the largest magnitude: five steps of 8 bits, signed and symmetric
DECODER_ERROR = 1e-4  # of the largest logit: float32 arithmetic in a network that is not ours


def cases(seed: int) -> list[Case]:
    """Every case of every check, with inputs drawn from the seed."""
    return [
        *step_cases(seed),
        *prefill_cases(seed),
        *independence_cases(seed),
        *batch_cases(seed),
        *cache_cases(seed),
        *overflow_cases(seed),
        *cost_cases(seed),
        *extra_cases(seed),
        *decoder_cases(seed),
    ]


def check(case: Case, got: list[Any]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    findings = []
    for number, (call, out) in enumerate(zip(case.calls, got, strict=False)):
        items = out if isinstance(out, Mapping) else {}
        for finding in JUDGES[call["op"]](call, items):
            where = f"call {number}: " if len(case.calls) > 1 else ""
            findings.append(
                Finding(
                    where + finding.name, finding.ok, finding.error, finding.bound, finding.detail
                )
            )
    if len(got) != len(case.calls):
        findings.append(Finding("calls", False, detail=f"{len(got)} results"))
    return findings


# ---- attention ---------------------------------------------------------------------------------


def one_stack(seed: int, name: str, check: str, chunks: Sequence[int], **options: Any) -> Case:
    """A case of one call, with inputs of its own."""
    return Case(check, name, (stack_call(rng(seed, name), chunks, **options),))


def step_cases(seed: int) -> Iterator[Case]:
    """One layer, one token at a time."""
    one = partial(one_stack, seed)
    step = "decode_step_equals_full"
    yield one("steps", step, [1] * 7)
    yield one("steps_float32", step, [1] * 9, dtype="float32")
    yield one("steps_one_row", step, [1] * 5, batch=1)
    yield one("steps_one_head", step, [1] * 5, heads=1, dim=5)
    yield one("steps_narrow_heads", step, [1] * 5, heads=5, dim=2)
    yield one("first_token_alone", step, [1], batch=2)
    yield one("steps_to_capacity", step, [1] * 11, slack=0)
    yield one("steps_past_16_and_32", step, [1] * 34, batch=1, heads=2)
    yield one("steps_large_scores", step, [1] * 12, scale=40.0)
    yield one("steps_tiny", step, [1] * 6, scale=1e-6)
    yield one("steps_rows_of_unlike_scale", step, [1] * 6, scale=[1e-3, 1.0, 30.0])
    yield one("steps_offset", step, [1] * 6, offset=10.0)
    yield one("steps_equal_tokens", step, [1] * 6, constant=True)
    yield one("one_token_at_once", step, [1], heads=2)


def prefill_cases(seed: int) -> Iterator[Case]:
    """One layer and several, in every way to split a sequence into calls."""
    one = partial(one_stack, seed)
    prefill = "prefill_is_causal"
    for size in (2, 7, 17, 33):
        yield one(f"prefill_{size}", prefill, [size], batch=2)
    yield one("prefill_float32", prefill, [13], dtype="float32")
    yield one("prefill_large_scores", prefill, [12], scale=40.0)
    after = "decode_after_prefill_equals_full"
    yield one("prefill_then_steps", after, [6, 1, 1, 1], judged_from=6)
    yield one("prefill_two_then_steps", after, [2, 1, 1, 1], batch=1, judged_from=2)
    yield one("prefill_then_steps_float32", after, [15, 1, 1, 1], dtype="float32", judged_from=15)
    yield one("prefill_to_capacity", after, [16, 1], slack=0, judged_from=16)
    chunked = "chunked_prefill_equals_full"
    yield one("chunks", chunked, [5, 3, 1, 4])
    yield one("chunks_short_then_long", chunked, [1, 8], batch=2)
    yield one("chunks_of_two", chunked, [2, 2, 2, 1])
    yield one("chunks_float32", chunked, [7, 6, 1, 1], dtype="float32")
    layered = "several_layers_end_to_end"
    yield one("two_layers_steps", layered, [1] * 5, layers=2, slack=9, report=True)
    yield one(
        "three_layers_prefill_and_steps", layered, [6, 1, 1, 1], layers=3, slack=20, report=True
    )
    yield one(
        "four_layers_chunks", layered, [3, 4, 1], layers=4, batch=2, slack=30, dtype="float32"
    )
    yield one("two_layers_one_row", layered, [4, 1, 1], layers=2, slack=8, batch=1)


def independence_cases(seed: int) -> Iterator[Case]:
    """Several caches, several sets of weights, and inputs that must stay as they are."""
    one = partial(one_stack, seed)
    again = "caches_are_independent"
    yield one("caches_in_turn", again, [1] * 5, streams=2)
    yield one("caches_in_turn_prefilled", again, [3, 1, 1], streams=3, batch=1, judged_from=3)
    draw = rng(seed, "weights_again")
    first, second = (stack_call(draw, [1] * 5) for _ in range(2))
    yield Case(again, "weights_again", (first, second, first))
    wide, narrow = (stack_call(draw, [1] * 5, heads=h, dim=12 // h) for h in (3, 2))
    yield Case(again, "heads_again", (wide, narrow, wide))
    yield one("inputs_attention", "inputs_are_left_alone", [4, 1], inputs=True, judged_from=4)
    yield one("inputs_steps", "inputs_are_left_alone", [1] * 3, inputs=True)


def batch_cases(seed: int) -> Iterator[Case]:
    """Rows of unequal length: right-padded chunks, of which `lengths` says how many are real."""

    def one(name: str, check: str, chunks: Sequence[int], lengths: Any, **options: Any) -> Case:
        lengths = np.array(lengths, dtype=np.int64)
        options["batch"] = lengths.shape[1]
        call = stack_call(rng(seed, name), chunks, lengths=lengths, **options)
        return Case(check, name, (call,))

    unequal, steps = "variable_lengths_in_batch", [[1, 1, 1]] * 3
    yield one("unequal_prefill", unequal, [7], [[5, 2, 7]])
    yield one("unequal_then_steps", unequal, [7, 1, 1, 1], [[5, 2, 7], *steps], report=True)
    yield one(
        "unequal_ascending", unequal, [4, 1, 1], [[1, 2, 3, 4]] + [[1] * 4] * 2, dtype="float32"
    )
    yield one("unequal_chunks", unequal, [4, 5, 1], [[4, 1], [2, 5], [1, 1]], report=True)
    yield one("unequal_with_an_empty_prompt", unequal, [3, 1, 1], [[0, 3], [1, 1], [1, 1]])
    layered = "several_layers_end_to_end"
    yield one(
        "unequal_layers",
        layered,
        [6, 1, 1],
        [[6, 3, 1], *steps[:2]],
        layers=3,
        slack=20,
        report=True,
    )
    yield one("unequal_large_scores", unequal, [6, 1], [[2, 6, 4], steps[0]], scale=40.0)
    done = "finished_sequence_is_isolated"
    yield one("one_row_finishes", done, [4, 1, 1, 1], [[4, 4], [1, 1], [1, 0], [1, 0]], report=True)
    yield one(
        "rows_finish_in_turn",
        done,
        [5, 1, 1, 1],
        [[5, 2, 4], [1, 1, 0], [1, 0, 0], [1, 0, 0]],
        report=True,
    )
    yield one("a_row_resumes", done, [3, 1, 1], [[3, 2], [0, 1], [1, 1]])


def stack_call(
    draw: np.random.Generator,
    chunks: Sequence[int],
    *,
    batch: int = 3,
    heads: int = 3,
    dim: int = 4,
    layers: int = 1,
    streams: int = 1,
    slack: int = 5,
    dtype: str = "float64",
    scale: Any = 1.0,
    offset: float = 0.0,
    constant: bool = False,
    lengths: Array | None = None,
    role: str = "attend",
    report: bool = False,
    inputs: bool = False,
    judged_from: int = 0,
) -> Call:
    """A sequence of hidden states with weights of its own; `slack` is the capacity left over.

    judged_from: the first position whose answer counts, where another check judges those before.
    """
    width, total = heads * dim, sum(chunks)
    x = draw.standard_normal((streams, batch, total, width))
    if constant:
        x[...] = x[:, :, :1]
    x = x * np.reshape(scale, (1, -1, 1, 1)) + offset
    call: Call = {
        "op": "stack",
        "role": role,
        **config(batch, total + slack, heads, dim, layers, dtype),
        "chunks": list(chunks),
        "lengths": lengths,
        "report": report,
        "inputs": inputs,
        "judged_from": judged_from,
        "x": x.astype(dtype),
    }
    for name in WEIGHTS:
        call[name] = (draw.standard_normal((layers, width, width)) / np.sqrt(width)).astype(dtype)
    return call


def config(batch: int, capacity: int, heads: int, dim: int, layers: int, dtype: str) -> Call:
    """What a cache is created with."""
    return {
        "batch_size": batch,
        "max_seq_len": capacity,
        "num_heads": heads,
        "head_dim": dim,
        "num_layers": layers,
        "dtype": dtype,
    }


def judge_stack(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """The hidden states; where asked, the reported lengths and that inputs are unchanged."""
    y: Any = got.get("y")
    narrow = isinstance(y, np.ndarray) and y.dtype == np.float32
    judged = np.float32 if narrow else call["dtype"]
    expected = oracle(reference.stack, call, baselines=(reference.less_exact_stack,), dtype=judged)
    # Tokens of one row share a scale: each row of the batch is held to its worst token's bound.
    # A score s is known to u |s|, which the softmax turns into a relative error of its weights.
    score = reference.largest_score(call["x"], call["w_q"][0], call["w_k"][0], call["num_heads"])
    rounding = 8 * unit_roundoff(judged) * score * np.abs(expected.answer["y"])
    allowed = expected.allowed["y"] + rounding.max(axis=-1, keepdims=True)
    allowed = np.broadcast_to(allowed.max(axis=2, keepdims=True), allowed.shape)
    start = call["judged_from"]
    tail = Oracle({"y": expected.answer["y"][:, :, start:]}, {"y": allowed[:, :, start:]})
    whole = isinstance(y, np.ndarray) and y.shape == call["x"].shape
    yield compare("y", y[:, :, start:] if whole else y, tail)
    if call["report"]:
        yield from judge_lengths(call, got.get("lengths"))
    if call["inputs"]:
        for name in ("x", *WEIGHTS):
            yield same(f"{name} after the call", got.get(f"{name}_after"), call[name])


def judge_lengths(call: Inputs, got: Any) -> Iterator[Finding]:
    """The lengths reported after each chunk."""
    reports = got if isinstance(got, list) else []
    for number, expected in enumerate(np.cumsum(real_lengths(call), axis=0)):
        report = reports[number] if number < len(reports) else None
        yield same(f"lengths after chunk {number}", report, expected)


def real_lengths(call: Inputs) -> Array:
    """(C, B): how many positions of each chunk are real in each row."""
    if call["lengths"] is not None:
        return np.asarray(call["lengths"])
    return np.repeat(np.array(call["chunks"], dtype=np.int64)[:, None], call["batch_size"], axis=1)


# ---- the cache itself --------------------------------------------------------------------------


def cache_cases(seed: int) -> Iterator[Case]:
    """Keys and values written raw, in chunks, and read back."""

    def one(name: str, check: str, chunks: Sequence[int], **options: Any) -> Case:
        return Case(check, name, (store_call(rng(seed, name), chunks, **options),))

    holds, unequal = "cache_holds_what_was_written", np.array([[3, 1, 2], [1, 1, 0], [0, 2, 1]])
    yield one("store_steps", holds, [1] * 6)
    yield one("store_chunks", holds, [4, 1, 3], dtype="float32")
    yield one("store_float64", holds, [5, 1], heads=1, dim=7, scale=1e3)
    yield one("store_layers", "several_layers_end_to_end", [1] * 4, layers=3, slack=12)
    yield one("store_full", holds, [8, 1, 1], slack=0, batch=2, heads=3)
    yield one("store_square", holds, [4], batch=4, heads=4, dim=4, slack=0)
    yield one("store_unequal", "variable_lengths_in_batch", [3, 1, 2], lengths=unequal)
    yield one("store_reused_buffer", "inputs_are_left_alone", [1, 2, 1], inputs=True)
    told = "lengths_are_reported"
    yield one("lengths_empty", told, [], report=True)
    yield one("lengths_steps", told, [1, 1, 1], report=True)
    yield one("lengths_chunks", told, [4, 1], report=True, batch=1)
    yield one(
        "lengths_unequal", "variable_lengths_in_batch", [3, 1, 2], lengths=unequal, report=True
    )


def store_call(
    draw: np.random.Generator,
    chunks: Sequence[int],
    *,
    kind: str = "plain",
    batch: int = 3,
    heads: int = 2,
    dim: int = 5,
    layers: int = 1,
    slack: int = 4,
    scale: Any = 1.0,
    dtype: str = "float64",
    lengths: Array | None = None,
    block_size: int = 16,
    report: bool = False,
    inputs: bool = False,
    op: str = "store",
) -> Call:
    """Keys and values k, v of shape (L, B, H, N, d)."""
    shape = (layers, batch, heads, sum(chunks), dim)
    return {
        "op": op,
        "kind": kind,
        **config(batch, sum(chunks) + slack, heads, dim, layers, dtype),
        "chunks": list(chunks),
        "lengths": lengths,
        "report": report,
        "inputs": inputs,
        "block_size": block_size,
        "k": (draw.standard_normal(shape) * scale).astype(dtype),
        "v": (draw.standard_normal(shape) * scale).astype(dtype),
    }


def judge_store(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """Contents bit by bit (for a quantised cache, within its bound), or the reported lengths."""
    if got.get("raised"):
        yield Finding("no exception", False, detail=describe(got["raised"]))
        return
    if call["report"]:
        yield same("lengths", got.get("lengths"), real_lengths(call).sum(axis=0))
        return
    if call["inputs"]:
        yield same("arguments written to", got.get("changed"), [])
    valid = reference.valid_positions(call["chunks"], call["lengths"], call["batch_size"])
    for name, layer, row, written in rows_of(call):
        expected = written[:, valid[row]]
        bound = (
            QUANTISED_ERROR * float(np.abs(call[name]).max())
            if call["kind"] == "quantised"
            else None
        )
        yield near(
            f"{name} of layer {layer}, row {row}", got.get(f"{name}_{layer}_{row}"), expected, bound
        )


def rows_of(call: Inputs) -> Iterator[tuple[str, int, int, Array]]:
    """Everything written: name, layer, row, (H, N, d)."""
    for name in ("k", "v"):
        for layer in range(call["num_layers"]):
            for row in range(call["batch_size"]):
                yield name, layer, row, call[name][layer, row]


def near(name: str, got: Any, expected: Array, bound: float | None = None) -> Finding:
    """Equal up to `bound`; by default bit for bit, or to rounding where float32 came back."""
    values = as_float(got)
    if values is None or values.shape != expected.shape:
        return Finding(name, False, detail=f"got {describe(got)}, expected shape {expected.shape}")
    if bound is None:
        narrow = isinstance(got, np.ndarray) and got.dtype == np.float32
        bound = (
            0.0
            if not narrow
            else unit_roundoff(np.float32) * float(np.abs(expected).max(initial=0))
        )
    if not np.isfinite(values).all():
        return Finding(name, False, detail="values not finite")
    error = float(np.abs(values - expected).max(initial=0))
    return Finding(name, error <= bound, error, bound)


# ---- capacity ----------------------------------------------------------------------------------


def overflow_cases(seed: int) -> Iterator[Case]:
    """The last chunk does not fit: `slack` is minus the number of tokens too many."""

    def one(name: str, chunks: Sequence[int], slack: int, **options: Any) -> Case:
        call = store_call(rng(seed, name), chunks, slack=slack, op="overflow", **options)
        return Case("write_past_capacity_is_an_error", name, (call,))

    yield one("one_token_too_many", [5, 1], -1)
    yield one("steps_one_too_many", [1] * 5, -1, batch=2)
    yield one("chunk_too_long", [4, 3], -2)
    yield one("chunk_one_too_many", [3, 2], -1, heads=3)
    yield one("one_row_too_long", [4, 1], -1, lengths=np.array([[2, 4, 1], [1, 1, 1]]))


def judge_overflow(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """An exception, or a cache that has grown; either way what was held before is still held."""
    valid = reference.valid_positions(call["chunks"], call["lengths"], call["batch_size"])
    before = sum(call["chunks"][:-1])
    raised = isinstance(got.get("raised"), str) and got["raised"] != ""
    kept, grown = [], []
    for name, layer, row, written in rows_of(call):
        value = got.get(f"{name}_{layer}_{row}")
        whole, old = written[:, valid[row]], written[:, :before][:, valid[row, :before]]
        found = (
            value[:, : old.shape[1]] if isinstance(value, np.ndarray) and value.ndim == 3 else value
        )
        kept.append(near(f"{name} of layer {layer}, row {row}", found, old))
        grown.append(near(name, value, whole).ok)
    yield Finding(
        "refused, or held in full", raised or all(grown), detail=describe(got.get("raised"))
    )
    yield from kept


# ---- cost --------------------------------------------------------------------------------------


def cost_cases(seed: int) -> Iterator[Case]:
    """Memory in two unlike configurations and dtypes; work after 32 and after 128 tokens."""
    draw = rng(seed, "cost")
    memory = [
        store_call(draw, [1] * 96, batch=3, heads=2, dim=5, slack=0, op="memory"),
        store_call(draw, [1] * 40, batch=2, heads=3, dim=16, slack=0, op="memory", dtype="float32"),
        store_call(draw, [1] * 16, batch=1, heads=4, dim=8, layers=3, slack=32, op="memory"),
    ]
    for number, call in enumerate(memory):
        yield Case("memory_is_accounted", f"memory_{number}", (call,))
    call = stack_call(draw, [1032], batch=1, heads=4, dim=8)
    call |= {"op": "work", "before": [32, 128], "x": call["x"][0]}
    yield Case("work_per_step_is_linear", "work", (call,))


def judge_memory(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """The report lies between what is held and what is allocated, and grows with the layers."""
    held = call["k"].size + call["v"].size
    allocated = held * call["max_seq_len"] / sum(call["chunks"])
    item = np.dtype(call["dtype"]).itemsize
    low, high = held * item, 1.25 * allocated * item + 4096
    if got.get("exact") is False:  # no way to say which dtype: any size from one byte to an object
        low, high = held, 64 * allocated
    full, empty, traced, single = (
        number(got.get(n)) for n in ("full", "empty", "traced", "single")
    )
    yield Finding("bytes when written", low <= full <= high, full, high, f"at least {low}")
    yield Finding("bytes when empty", 0 <= empty <= full, empty, full)
    each = abs(full - call["num_layers"] * single)
    yield Finding("bytes of a layer", each <= 0.1 * full + 4096, each, 0.1 * full + 4096)
    most = 8 * allocated * item + 262_144
    yield Finding("bytes really held", traced <= most, traced, most)


def judge_work(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """Products within a small factor of what a step needs; bytecodes and seconds rule out the rest.

    A step needs 4 D^2 multiply-adds for its projections and 2 n D for attention over n tokens.
    Recomputed keys and values would add 2 n D^2. Where arrays cannot be counted (plain lists), the
    Python instructions per cached token tell, and in any case one step must cost well under the
    prefill of all the tokens before it.
    """
    width, heads = call["x"].shape[-1], call["num_heads"]
    products, bytecodes = (numbers(got.get(name)) for name in ("products", "bytecodes"))
    for before, found in zip(call["before"], products, strict=False):
        bound = 4.0 * (
            4 * width**2 + 2 * (before + 8) * width + 10 * heads * (before + 8) + 40 * width
        )
        yield Finding(f"multiply-adds after {before} tokens", found <= bound, found, bound)
    spread = call["before"][1] - call["before"][0]
    growth = (bytecodes[1] - bytecodes[0]) / spread if len(bytecodes) == 2 else np.inf
    bound = 200.0 * width + 2000
    yield Finding("instructions per cached token", growth <= bound, growth, bound)
    far, peak = number(got.get("far")), number(got.get("peak"))
    bound = 12.0 * 8 * far * width + 2**20
    yield Finding(f"bytes allocated by a step after {far:.0f} tokens", peak <= bound, peak, bound)
    step, prefill = number(got.get("step_seconds")), number(got.get("prefill_seconds"))
    fine = step >= 0 and (step <= prefill / 3 or step < 0.004)
    detail = f"{describe(got.get('prefilled'))} tokens prefilled in {prefill:.4f} s"
    yield Finding("seconds of one step", fine, step, max(prefill / 3, 0.004), detail)


def number(value: Any) -> float:
    """A finite float, or NaN: comparisons with NaN are false, so nothing passes with it."""
    found = as_float(value)
    return float(found) if found is not None and found.ndim == 0 else float("nan")


def numbers(value: Any) -> list[float]:
    """Two numbers; NaN where there are none."""
    items = value if isinstance(value, list) else []
    return [number(item) for item in [*items, None, None][:2]]


# ---- extras and the output's own decoder -------------------------------------------------------


def extra_cases(seed: int) -> Iterator[Case]:
    """Paged and quantised caches, and a second attention function; not testable where absent."""

    def one(name: str, check: str, chunks: Sequence[int], **options: Any) -> Case:
        return Case(check, name, (store_call(rng(seed, name), chunks, **options),))

    paged = "paged_cache_round_trip"
    yield one("paged_one_block", paged, [5, 1], kind="paged", slack=10)
    yield one("paged_past_a_block", paged, [1] * 19, kind="paged", slack=13, batch=1)
    yield one("paged_small_blocks", paged, [1] * 9, kind="paged", block_size=4, slack=3)
    yield one("paged_chunk_over_blocks", paged, [11, 1, 4], kind="paged", block_size=4, slack=0)
    bound, growing = "quantised_cache_error_bound", np.geomspace(1, 10, 6)[:, None]
    yield one("quantised_steps", bound, [1] * 6, kind="quantised", dim=8)
    yield one("quantised_chunk", bound, [7], kind="quantised", dim=8, scale=30.0)
    yield one("quantised_growing", bound, [1] * 6, kind="quantised", dim=8, scale=growing)
    second = "second_attention_entry_point"
    for name, check, chunks, start in (
        ("again_steps", second, [1] * 7, 0),
        ("again_prefill_then_steps", second, [6, 1, 1], 6),
        ("again_prefill", "prefill_is_causal", [6], 0),
        ("again_chunks", "chunked_prefill_equals_full", [3, 4], 0),
    ):
        call = stack_call(rng(seed, name), chunks, role="attend_again", judged_from=start)
        yield Case(check, name, (call,))
    lengths = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 1, 1]])
    call = stack_call(rng(seed, "again_unequal"), [1] * 4, role="attend_again", lengths=lengths)
    yield Case(second, "again_unequal_steps", (call,))


def decoder_cases(seed: int) -> Iterator[Case]:
    """The output's own network with its own weights: it can only be compared with itself."""
    draw = rng(seed, "decoder")
    tokens = draw.integers(1, 13, size=(2, 7))
    other = tokens.copy()
    other[:, 0] = 1 + tokens[:, 0] % 12
    call: Call = {
        "op": "decoder",
        **config(2, 24, 2, 8, 2, "float64"),
        "vocab_size": 13,
        "tokens": tokens,
    }
    call |= {"other": other, "chunks": [7], "ways": ["steps"], "may_raise": True}
    yield Case("decoder_usable_as_shipped", "decoder_steps", (call,))
    ways = ["steps", "again", "chunked", "other"]
    for name, chunks in (
        ("own_decoder_whole", [7]),
        ("own_decoder_prefill_and_steps", [4, 1, 1, 1]),
    ):
        compared = {**call, "chunks": chunks, "ways": ways, "may_raise": False}
        yield Case("several_layers_end_to_end", name, (compared,))
    prompts = draw.integers(1, 13, size=(4, 4)).tolist()
    generated = [{**call, "op": "generator", "prompt": p, "steps": 8, "keep": 3} for p in prompts]
    yield Case("generator_decode_equals_full", "generator", tuple(generated))


def judge_decoder(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """As shipped: it ran. Compared: chunks change nothing, the first token matters to the end."""
    if call["may_raise"]:
        yield Finding(
            "stepped without an exception",
            got.get("raised") == "",
            detail=describe(got.get("raised")),
        )
        return
    steps, other = as_float(got.get("steps")), as_float(got.get("other"))
    if steps is None:
        yield Finding("logits", False, detail=f"not numeric: {describe(got.get('steps'))}")
        return
    bound = DECODER_ERROR * float(np.abs(steps).max(initial=0))
    yield near("in chunks as one by one", got.get("chunked"), steps, bound)
    yield Finding(
        "the first token matters at the end", other is not None and not np.array_equal(steps, other)
    )


def judge_generator(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """Tokens after the first few are the same when those few come as part of the prompt."""
    first = got.get("first")
    if not isinstance(first, list) or len(first) != call["steps"]:
        yield Finding("tokens", False, detail=describe(first))
        return
    yield same("continued from its own tokens", got.get("rest"), first[call["keep"] :])


JUDGES: dict[str, Callable[[Inputs, Inputs], Iterator[Finding]]] = {
    "stack": judge_stack,
    "store": judge_store,
    "overflow": judge_overflow,
    "memory": judge_memory,
    "work": judge_work,
    "decoder": judge_decoder,
    "generator": judge_generator,
}
