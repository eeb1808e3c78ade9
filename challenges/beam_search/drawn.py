"""The cases drawn from a seed: searches, finished beams, the contract of a call."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from challenges.beam_search.inputs import (
    alpha_matters,
    clear,
    drawn,
    random_call,
    several,
    some_end,
    some_end_early,
    some_end_everywhere,
)
from challenges.beam_search.traps import (
    end_is_improbable,
    ends_first,
    ends_last,
    later_end_wins,
    one_prompt_ends,
    slot_is_taken,
)
from challenges.kit import Case


@functools.lru_cache(maxsize=2)
def drawn_cases(seed: int) -> tuple[Case, ...]:
    """The cases, kept, since finding calls with clear decisions takes a while."""
    return (*search_cases(seed), *finished_cases(seed), *contract_cases(seed))


def search_cases(seed: int) -> Iterator[Case]:
    """Random language models."""
    never, early = "random_without_eos", some_end_early
    yield several(seed, never, 5, drawn())
    yield several(
        seed, never, 2, drawn(V=2003, rows=53, max_new_tokens=3), label="large_vocabulary"
    )
    for offset in (1000.0, -1000.0):
        yield several(
            seed, never, 2, drawn(offset=offset, max_new_tokens=4), label=f"offset_{offset:+.0f}"
        )
    yield several(seed, never, 2, drawn(dtype=np.float32), label="float32")
    yield several(seed, "random_with_eos", 8, drawn(end=1.5), early)
    yield several(seed, "random_with_eos", 2, drawn(end=1.5, dtype=np.float32), early, "float32")
    yield several(seed, "random_with_eos", 2, drawn(end=1.5, eos_token_id=0), early, "eos_is_zero")
    yield several(
        seed, "random_with_eos", 2, drawn(end=4.0, V=509, rows=53), early, "large_vocabulary"
    )
    yield from alpha_cases(seed)
    yield several(
        seed, "greedy_when_k_is_one", 6, drawn(end=1.5, beam_width=1, lengths=[2, 5, 3]), early
    )
    yield from wide_cases(seed)
    for scale in (700.0, 2e4):
        low = drawn(end=0.5, scale=scale, V=9, beam_width=4)
        yield several(seed, "very_negative_logprobs", 3, low, some_end, f"scale_{scale:g}")
    yield several(seed, "prompt_not_counted_in_length", 4, drawn(lengths=[17, 1, 6]))


def alpha_cases(seed: int) -> Iterator[Case]:
    """Values of alpha that matter: others, among them the usual default, would give other beams."""
    zero = drawn(end=2.0, alpha=0.0)
    yield several(seed, "random_with_eos_alpha_zero", 4, zero, alpha_matters(0.6, 1.0))
    large, larger = drawn(end=1.5, alpha=(1.5, 2.5)), drawn(end=0.5, alpha=(2.5, 4.0))
    yield several(seed, "random_large_alpha", 3, large, alpha_matters(0.6, 1.0))
    yield several(seed, "random_large_alpha", 3, larger, alpha_matters(1.0, 2.0), "larger")
    negative = drawn(end=2.5, alpha=(-1.0, -0.2))
    yield several(seed, "random_negative_alpha", 4, negative, alpha_matters(0.0, 0.6))


def wide_cases(seed: int) -> Iterator[Case]:
    """2K above the vocabulary, K above it, and K above the number of sequences there are."""
    check = "more_beams_than_tokens"
    shapes = {
        "2k": (7, 5, 4),
        "k_equals_v": (5, 5, 4),
        "k": (4, 9, 4),
        "all": (3, 16, 3),
        "two_tokens": (2, 3, 5),
    }
    for label, (vocabulary, width, steps) in shapes.items():
        draw = drawn(V=vocabulary, beam_width=width, max_new_tokens=steps, end=0.5)
        yield several(seed, check, 3, draw, some_end, label)


def finished_cases(seed: int) -> Iterator[Case]:
    """Language models made for the traps around finished beams."""
    made = {
        "eos_retention_prompt_case": ends_first,
        "improbable_eos_must_lose": end_is_improbable,
        "finished_beam_keeps_its_slot": slot_is_taken,
        "longer_finished_beam_can_win": later_end_wins,
        "eos_only_on_last_step": ends_last,
        "batch_with_one_item_done_early": one_prompt_ends,
    }
    for check, draw in made.items():
        wanted = some_end if check == "eos_only_on_last_step" else None
        yield several(seed, check, 3, draw, wanted, label="tree")


def contract_cases(seed: int) -> Iterator[Case]:
    """Limits, batches, state, form, precision, the output's own model."""
    one = drawn(max_new_tokens=1, end=2.5)
    yield several(seed, "max_new_tokens_one", 4, one, some_end_everywhere)
    zero = {**clear(seed, "zero", drawn(end=1.0)), "max_new_tokens": 0, "alpha": 0.0}
    yield Case("max_new_tokens_zero", "max_new_tokens_zero", (zero, {**zero, "alpha": 0.7}))
    yield Case("batch_items_do_not_mix", "batch_items_do_not_mix", tuple(regrouped(seed)))
    a = clear(seed, "state_a", drawn())
    b = clear(seed, "state_b", drawn(V=a["table"].shape[1], **kept(a)))
    yield Case("same_call_same_answer", "same_call_same_answer", (a, b, a))
    yield several(
        seed, "output_is_well_formed", 4, drawn(end=1.5, lengths=[1, 4, 4, 2]), some_end_everywhere
    )
    yield several(seed, "scores_keep_float64", 3, drawn(max_new_tokens=12))
    yield several(seed, "end_token_in_prompt", 3, lambda r: ended_prompts(random_call(r)))
    own = {"prompts": [[1, 2, 3], [3, 1], [2]], "beam_width": 3, "max_new_tokens": 4, "alpha": 0.7}
    yield Case(
        "own_model_matches_reference", "own_model", ({**own, "own_model": True, "eos_rank": 1},)
    )


def ended_prompts(call: dict[str, Any]) -> dict[str, Any]:
    """The call with the end token first, last or in the middle of its prompts."""
    eos, first = call["eos_token_id"], call["prompts"][0]
    return {
        **call,
        "prompts": [[*first, eos], [eos, *first], [first[0], eos, first[0]], *call["prompts"]],
    }


def kept(call: dict[str, Any]) -> dict[str, Any]:
    """What two calls of one case share, so that only the language model differs."""
    names = ("prompts", "beam_width", "max_new_tokens", "alpha", "eos_token_id")
    return {name: call[name] for name in names}


def regrouped(seed: int) -> Iterator[dict[str, Any]]:
    """One batch of prompts of unequal lengths, the same in another order, and each alone."""
    call = clear(seed, "batch", drawn(lengths=[3, 1, 6, 3]))
    prompts = call["prompts"]
    for group in (
        prompts,
        prompts[::-1],
        *([prompt] for prompt in prompts),
        [prompts[1], prompts[1]],
    ):
        yield {**call, "prompts": group}
