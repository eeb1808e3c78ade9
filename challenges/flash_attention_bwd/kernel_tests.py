"""Checks for the flash attention backward pass; its inputs are in cases.py."""

from __future__ import annotations

from functools import partial
from typing import Any

from challenges.flash_attention_bwd.cases import INPUTS, cases
from challenges.flash_attention_bwd.reference import baseline, reference
from challenges.judging.array_function import ArrayFunction, Got, numeric, unanswered, within
from challenges.judging.attention import CONTRACT, unseen_tiles
from challenges.kit import Case, Finding, row_max

__all__ = ["cases", "check"]

GRADIENTS = ("dQ", "dK", "dV")
FUNCTION = ArrayFunction(
    reference, baseline, INPUTS, settings=("causal",), outputs=("O", *GRADIENTS)
)
JUDGED = {
    "forward_output": ("O",),
    "large_scores_forward_only": ("O",),
    "log_sum_exp": ("L",),
    "query_gradient": ("dQ",),
    "key_gradient": ("dK",),
    "value_gradient": ("dV",),
}


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    special = {
        **CONTRACT,
        "gradient_identities": gradient_identities,
        "past_has_no_influence": past_has_no_influence,
        "inputs_unchanged": FUNCTION.inputs_unchanged,
        "deterministic": FUNCTION.deterministic,
        "unseen_tiles_are_skipped": partial(unseen_tiles, FUNCTION),
    }
    return unanswered(case, got) or special.get(case.check, values)(case, got)


def values(case: Case, got: Got) -> list[Finding]:
    """The outputs that a check judges against the reference."""
    return FUNCTION.values(case, got, JUDGED.get(case.check, ()))


def gradient_identities(case: Case, got: Got) -> list[Finding]:
    """The same vector added to every key leaves O alone; the weights of every query sum to one."""
    call, items = case.calls[0], got[0]
    dK, dV = (numeric(items.get(name), call["Q"].shape) for name in ("dK", "dV"))
    if dK is None or dV is None:
        return [Finding("dK, dV", False, detail="no numeric arrays of the shape of Q")]
    allowed = FUNCTION.expected(call, items["dK"]).allowed
    missing = {"dK": dK.sum(2), "dV": dV.sum(2) - call["dO"].sum(2)}
    return [
        within(f"sum of {name}", row_max(missing[name]), allowed[name].sum(2)) for name in missing
    ]


def past_has_no_influence(case: Case, got: Got) -> list[Finding]:
    """The gradients of the later tokens agree between the two calls, and with the reference."""
    call = case.calls[0]
    first, second = (
        {name: numeric(items.get(name), call["Q"].shape) for name in FUNCTION.outputs}
        for items in got
    )
    if any(value is None for value in (*first.values(), *second.values())):
        return [Finding("gradients", False, detail="no numeric arrays of the shape of Q")]
    allowed = FUNCTION.expected(call, got[0]["dQ"]).allowed
    found = []
    for name in GRADIENTS:
        moved = row_max(second[name] - first[name])[:, :, 7:]
        found.append(within(f"later {name}", moved, 2 * allowed[name][:, :, 7:]))
    return found + FUNCTION.judged(call, got[0])
