"""Cases and judges of what an output may add: paged and quantised caches, a decoder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from challenges.kit import Case, Finding, as_float, describe, rng, same
from challenges.kv.numbers import Call, Inputs, config, near
from challenges.kv.stack_cases import stack_call
from challenges.kv.storing import store_call

DECODER_ERROR = 1e-4  # of the largest logit: float32 arithmetic in a network that is not ours


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
