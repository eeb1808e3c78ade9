"""Cases and checks for batched beam search with a scripted language model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from challenges.beam_search.drawn import drawn_cases
from challenges.beam_search.inputs import Answers, asked, blurred, expected
from challenges.beam_search.reading import (
    Beams,
    beam_fault,
    each_prompt,
    first_difference,
    list_fault,
    per_prompt,
    tied,
    whole,
)
from challenges.beam_search.reference import Script, beam_search, log_softmax
from challenges.kit import Case, Finding, Oracle, as_float, compare, describe


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return list(drawn_cases(seed))


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
