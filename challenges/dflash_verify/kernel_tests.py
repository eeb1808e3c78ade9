"""Checks for the verification of draft trees; cases.py draws the cases.

The target model is scripted: its next token is a hash of the whole prefix that a row's mask admits,
so a wrong mask, a wrong row and a wrong order of rows all give other tokens. What a call returns
must be a prefix of greedy decoding; where siblings differ, it must also hold the whole matching
path, and at most one token more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from challenges.dflash_verify.cases import cases
from challenges.dflash_verify.reference import greedy, matching_depth, tree_mask
from challenges.kit import Case, Finding, as_float, describe, same

__all__ = ["cases", "check"]

Call = Mapping[str, Any]
Judge = Callable[[Call, dict[str, Any]], list[Finding]]
PASSES = 3  # of the target, for a tree of any size
LONGEST = 1000  # more tokens than any case asks for; the truth about n tokens takes n^2 steps


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    if any("not_testable" in items for items in got):
        return []
    if len(got) != len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    found = []
    for index, (call, items) in enumerate(zip(case.calls, got, strict=True)):
        judge = SPECIAL.get(case.check) or (generation if call["do"] == "generate" else tree)
        found += [replace(f, name=f"{index}: {f.name}") for f in judge(call, items)]
    if case.check == "empty_tree" and all(f.ok for f in found) and got[0]["new"]:
        found.append(advances(got))
    return found


def tree(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The tokens follow greedy decoding: the whole matching path, and at most one token more."""
    found = follows_greedy(call, items.get("new"))
    depth = matching_depth(call)
    if found[0].ok and not equal_siblings(call):
        length = len(items["new"])
        detail = f"{length} tokens, of which {depth} drafted ones match"
        found.append(Finding("length", depth <= length <= depth + 1, length, depth, detail))
    return found


def generation(call: Call, items: dict[str, Any]) -> list[Finding]:
    """A generation gives the tokens of greedy decoding, and enough of them."""
    found = follows_greedy(call, items.get("new"))
    if found[0].ok:
        found.append(Finding("length", len(items["new"]) >= call["count"]))
    return found


def follows_greedy(call: Call, new: Any) -> list[Finding]:
    """Whether a list of tokens is a prefix of greedy decoding after the prompt."""
    if not is_tokens(new):
        return [Finding("tokens", False, detail="no list of tokens")]
    truth = greedy(call, call["prompt"], len(new))
    at = next((i for i, (a, b) in enumerate(zip(new, truth, strict=True)) if a != b), len(new))
    detail = f"token {at}: {new[at]}, greedy decoding gives {truth[at]}" if at < len(new) else ""
    return [Finding("tokens", at == len(new), detail=detail)]


def is_tokens(value: Any) -> bool:
    """Whether this is a list of whole numbers, and not absurdly long."""
    return isinstance(value, list) and len(value) <= LONGEST and all(type(t) is int for t in value)


def equal_siblings(call: Call) -> bool:
    """Whether two siblings hold the same token, so that the longest path is a matter of luck."""
    nodes = list(zip(call["parents"], call["tokens"], strict=True))
    return len(set(nodes)) < len(nodes)


def one_more(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The matching path and the target's own next token, nothing less."""
    expected = greedy(call, call["prompt"], matching_depth(call) + 1)
    return [same("tokens", items.get("new"), expected)]


def advances(got: list[dict[str, Any]]) -> Finding:
    """An output that corrects a rejected tree also answers one without nodes."""
    silent = [i for i, items in enumerate(got) if not items["new"]]
    detail = f"none for {silent}" if silent else ""
    return Finding("a token for every tree", not silent, detail=detail)


def unchanged(call: Call, items: dict[str, Any]) -> list[Finding]:
    """Prompt, tokens and parents afterwards."""
    return [same("inputs", items.get("after"), [call["prompt"], call["tokens"], call["parents"]])]


def few_passes(_: Call, items: dict[str, Any]) -> list[Finding]:
    """At most a few forward passes, however large the tree."""
    passes = items.get("passes")
    ok = isinstance(passes, int) and passes <= PASSES
    return [Finding("forward passes", ok, detail="" if ok else f"{passes!r:.20} passes")]


def mask(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The admitted pairs. A mask that holds the rows of the tree alone is judged by those."""
    expected, got = tree_mask(call["prompt_len"], call["parents"]), items.get("mask")
    if not isinstance(got, np.ndarray) or got.dtype != bool or got.ndim != 2:
        return [Finding("mask", False, detail="no mask of two axes")]
    if got.shape == (len(call["parents"]), len(expected)):
        expected = expected[call["prompt_len"] :]
    if got.shape != expected.shape:
        return [Finding("mask", False, detail=f"shape {got.shape}, expected {expected.shape}")]
    wrong = int((got != expected).sum())
    detail = f"{wrong} pairs differ" if wrong else ""
    kept = same("parents afterwards", items.get("parents_after"), call["parents"])
    return [Finding("mask", wrong == 0, detail=detail), kept]


def own_tokens(_: Call, items: dict[str, Any]) -> list[Finding]:
    """Generation with the output's own model against its own greedy decoding."""
    new, own = items.get("new"), items.get("greedy")
    ok = is_tokens(new) and is_tokens(own) and len(new) > 0 and new == own
    return [Finding("tokens", ok, detail="" if ok else f"{describe(new)}, alone {describe(own)}")]


def own_rows(_: Call, items: dict[str, Any]) -> list[Finding]:
    """Logits of the nodes in the tree against those of each path alone, to float32 accuracy."""
    together, alone = as_float(items.get("tree")), as_float(items.get("alone"))
    if together is None or alone is None or together.shape != alone.shape or alone.ndim != 2:
        return [Finding("logits", False, detail="no two arrays of one shape")]
    error, bound = float(np.abs(together - alone).max()), 1e-4 * float(np.abs(alone).max())
    return [Finding("logits", error <= bound < np.inf, error, bound)]


SPECIAL: dict[str, Judge] = {
    "bonus_after_full_acceptance": one_more,
    "correction_after_rejection": one_more,
    "one_forward_pass": few_passes,
    "inputs_unchanged": unchanged,
    "tree_mask_exact": mask,
    "own_generation_loop": generation,
    "own_model_generation_chain": own_tokens,
    "own_model_generation_branching": own_tokens,
    "own_model_tree_logits_equal_sequential": own_rows,
}
