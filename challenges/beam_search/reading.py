"""Beams out of untrusted answers, and what is wrong with them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from challenges.beam_search.inputs import blurred
from challenges.beam_search.reference import Beam, Script
from challenges.kit import Finding, describe

Beams = list[tuple[list[int], float]]


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


def tied(row: Any, beam_width: int) -> bool:
    """Whether two of the 2K + 1 largest numbers are as good as equal."""
    largest = np.sort(row)[::-1][: 2 * beam_width + 1]
    return bool((-np.diff(largest) < 1e-6 * (1 + np.abs(largest[:-1]))).any())
