"""Cases and checks for batched beam search with a scripted language model."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from challenges.beam_search.inputs import (
    Answers,
    alpha_matters,
    asked,
    blurred,
    clear,
    drawn,
    end_is_improbable,
    ends_first,
    ends_last,
    expected,
    later_end_wins,
    one_prompt_ends,
    random_call,
    several,
    slot_is_taken,
    some_end,
    some_end_early,
    some_end_everywhere,
)
from challenges.beam_search.reference import Beam, Script, beam_search, log_softmax
from challenges.kit import Case, Finding, Oracle, as_float, compare, describe

Beams = list[tuple[list[int], float]]

# ---- cases -------------------------------------------------------------------------------------


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return list(drawn_cases(seed))


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
    yield Case("max_new_tokens_zero", "max_new_tokens_zero", (zero,))
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


# ---- checks ------------------------------------------------------------------------------------


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    judges = {
        "max_new_tokens_zero": nothing_new,
        "same_call_same_answer": with_prompts_unchanged,
        "output_is_well_formed": well_formed,
        "scores_keep_float64": to_float64,
        "own_model_matches_reference": as_own_model_says,
    }
    judge = judges.get(case.check, as_reference)
    if len(got) != len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    found = []
    for call, items in zip(case.calls, got, strict=True):
        found += judge(call, items)
    return found


def as_reference(call: Any, items: dict[str, Any], dtype: Any = np.float32) -> list[Finding]:
    """The reference's beams in its order, with its scores."""
    return judged(call, expected(call)[0], items, dtype)


def to_float64(call: Any, items: dict[str, Any]) -> list[Finding]:
    """The same, to float64 accuracy; scores that are all float32 numbers are judged as float32."""
    read = [beams or [] for beams in per_prompt(items) or []]
    narrow = all(float(np.float32(score)) == score for beams in read for _, score in beams)
    return as_reference(call, items, np.float32 if narrow else np.float64)


def judged(call: Any, answers: Answers, items: dict[str, Any], dtype: Any) -> list[Finding]:
    """Each prompt's beams: tokens exactly, scores within what the dtype's arithmetic may blur."""

    def judge(name: str, index: int, beams: Beams) -> Finding:
        ref = answers[index]
        got, wanted = [tokens for tokens, _ in beams], [list(beam.tokens) for beam in ref]
        if got != wanted:
            return Finding(f"{name}: beams", False, detail=first_difference(got, wanted))
        answer = np.array([[beam.score(call["alpha"])] for beam in ref])
        allowed = np.array([[blurred(call, beam, dtype)] for beam in ref])
        scores = np.array([[score] for _, score in beams])
        finding = compare("scores", scores, Oracle({"scores": answer}, {"scores": allowed}))
        return replace(finding, name=f"{name}: scores")

    return each_prompt(call, items, judge)


def each_prompt(
    call: Any, items: dict[str, Any], judge: Callable[[str, int, Beams], Finding]
) -> list[Finding]:
    """A finding on each prompt's beams; one that fails where there is nothing to be read."""
    read, found = per_prompt(items), items.get("beams")
    if read is None or len(read) != len(call["prompts"]):
        return [Finding("prompts", False, detail=f"{describe(found)} for {len(call['prompts'])}")]
    return [
        Finding(f"prompt {i}", False, detail=f"no beams with scores: {describe(found[i])}")  # type: ignore[index]
        if beams is None
        else judge(f"prompt {i}", i, beams)
        for i, beams in enumerate(read)
    ]


def per_prompt(items: dict[str, Any]) -> list[Beams | None] | None:
    """The beams that came back for each prompt, None for what are no beams."""
    found = items.get("beams")
    return [readable(beams) for beams in found] if isinstance(found, list) else None


def readable(beams: Any) -> Beams | None:
    """The beams as (tokens, score), without those of score -inf that pad a list to K at its end."""
    if not isinstance(beams, list) or not all(isinstance(b, list) and len(b) == 2 for b in beams):
        return None
    if not all(whole(tokens) and is_score(score) for tokens, score in beams):
        return None
    pairs = [(tokens, float(score)) for tokens, score in beams]
    while pairs and pairs[-1][1] == -np.inf:
        pairs.pop()
    return pairs


def whole(values: Any) -> bool:
    """Whether this is a list of integers."""
    return isinstance(values, list) and all(type(value) is int for value in values)


def is_score(value: Any) -> bool:
    """Whether this is a number that float64 holds."""
    return type(value) is float or (type(value) is int and abs(value) < 2**53)


def first_difference(got: Sequence[Any], wanted: Sequence[Any]) -> str:
    """Where two lists of beams part."""
    pairs = enumerate(itertools.zip_longest(got, wanted))
    place, (ours, theirs) = next((i, pair) for i, pair in pairs if pair[0] != pair[1])
    return f"beam {place}: {describe(ours)}, expected {describe(theirs)}"


def nothing_new(call: Any, items: dict[str, Any]) -> list[Finding]:
    """No beams, empty beams of score 0, or a ValueError."""
    if items.get("raised") == "ValueError":
        return [Finding("refused", True, detail=describe(items.get("message")))]

    def judge(name: str, _index: int, beams: Beams) -> Finding:
        ok = all(tokens == [] and score == 0 for tokens, score in beams)
        return Finding(name, ok, detail=describe(beams))

    return each_prompt(call, items, judge)


def with_prompts_unchanged(call: Any, items: dict[str, Any]) -> list[Finding]:
    """The reference's beams, and the prompts as they were."""
    after = items.get("prompts_after")
    ok = isinstance(after, list) and all(map(whole, after)) and after == call["prompts"]
    return [*as_reference(call, items), Finding("prompts unchanged", ok, detail=describe(after))]


def well_formed(call: Any, items: dict[str, Any]) -> list[Finding]:
    """Properties of the result alone; which beams are best is another check's matter."""
    script = Script(call)

    def judge(name: str, index: int, beams: Beams) -> Finding:
        prompt = call["prompts"][index]
        faults = (beam_fault(call, script, prompt, *beam) for beam in beams)
        fault = next(filter(None, faults), "") or list_fault(call, beams)
        return Finding(name, not fault, detail=fault)

    return each_prompt(call, items, judge)


def beam_fault(
    call: Any, script: Script, prompt: list[int], tokens: list[int], score: float
) -> str:
    """What is wrong with one beam: it ends with the end token or at the last step only."""
    eos, steps = call["eos_token_id"], call["max_new_tokens"]
    if not all(0 <= token < call["table"].shape[1] for token in tokens):
        return f"not a token of the vocabulary: {describe(tokens)}"
    if eos in tokens[:-1]:
        return f"tokens after the end token {eos}: {describe(tokens)}"
    if len(tokens) != steps and (len(tokens) > steps or tokens[-1:] != [eos]):
        return f"{len(tokens)} tokens of {steps}, end token {eos}: {describe(tokens)}"
    beam = spelled(script, prompt, tokens)
    own = beam.score(call["alpha"])
    return "" if abs(score - own) <= blurred(call, beam) else f"{tokens}: {score}, not {own}"


def list_fault(call: Any, beams: Beams) -> str:
    """What is wrong with one prompt's beams together: K different ones, best first."""
    scores, different = [score for _, score in beams], {tuple(tokens) for tokens, _ in beams}
    if not len(beams) == len(different) == call["beam_width"]:
        return f"{len(beams)} beams, not {call['beam_width']} different ones"
    return "" if scores == sorted(scores, reverse=True) else f"not sorted: {describe(scores)}"


def spelled(script: Script, prompt: list[int], tokens: list[int]) -> Beam:
    """The beam of these tokens."""
    rows = (script.logprobs((*prompt, *tokens[:n])) for n in range(len(tokens)))
    return Beam(tuple(tokens), tuple(float(row[t]) for row, t in zip(rows, tokens, strict=True)))


def as_own_model_says(call: Any, items: dict[str, Any]) -> list[Finding]:
    """The reference, asking the table of what the output's own model answered."""
    rows, eos = as_float(items.get("answers")), items.get("eos_token_id")
    prefixes = items.get("prefixes")
    known = isinstance(prefixes, list) and all(map(whole, prefixes)) and type(eos) is int
    if rows is None or not known or rows.ndim != 2 or not 0 <= eos < rows.shape[1]:  # type: ignore[operator]
        return [Finding("own model", False, detail="no record of its answers")]
    if not (np.isfinite(rows) | np.isneginf(rows)).all() or len(rows) != len(prefixes):  # type: ignore[arg-type]
        return [Finding("own model", False, detail="answers that are no logits")]
    return own_findings({**call, "eos_token_id": eos, "table": rows}, prefixes, items)


def own_findings(call: Any, prefixes: Any, items: dict[str, Any]) -> list[Finding]:
    """Judge by a record of prefixes and answers (call["table"]), if that decides who is best."""
    heard: dict[tuple[int, ...], Any] = {}
    for prefix, row in zip(prefixes, call["table"], strict=True):
        if not np.allclose(row, heard.setdefault(tuple(prefix), row), atol=1e-4):
            return [Finding("own model", False, detail=f"two answers to {describe(prefix)}")]
    if any(tied(row, call["beam_width"]) for row in heard.values()):
        return [Finding("own model", True, detail="its answers tie: no order of beams is the one")]
    try:
        ref = [
            beam_search(lambda p: log_softmax(heard[p]), tuple(p), asked(call))[0]
            for p in call["prompts"]
        ]
    except KeyError as error:
        return [Finding("own model", False, detail=f"never asked what follows {error}")]
    return judged(call, ref, items, np.float32)


def tied(row: Any, beam_width: int) -> bool:
    """Whether two of the 2K + 1 largest numbers are as good as equal."""
    largest = np.sort(row)[::-1][: 2 * beam_width + 1]
    return bool((-np.diff(largest) < 1e-6 * (1 + np.abs(largest[:-1]))).any())
