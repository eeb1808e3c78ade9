"""Cases of decoding through layers: step by step, after a prefill, in batches of unequal rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from challenges.kit import Case, rng
from challenges.kv.numbers import WEIGHTS, Array, Call, config


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
    yield one("steps_large_scores_past_32", step, [1] * 34, batch=1, heads=2, scale=40.0)
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
