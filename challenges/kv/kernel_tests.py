"""Cases and checks for the KV-cache: answers are compared with full recomputation in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from challenges.kit import Case, Finding
from challenges.kv.costs import cost_cases, judge_memory, judge_work
from challenges.kv.extras import decoder_cases, extra_cases, judge_decoder, judge_generator
from challenges.kv.numbers import Inputs
from challenges.kv.stack_cases import batch_cases, independence_cases, prefill_cases, step_cases
from challenges.kv.stack_judges import judge_stack
from challenges.kv.storing import cache_cases, judge_overflow, judge_store, overflow_cases


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
        where = f"call {number}: " if len(case.calls) > 1 else ""
        made = JUDGES[call["op"]](call, items)
        findings += [replace(finding, name=where + finding.name) for finding in made]
    if len(got) != len(case.calls):
        findings.append(Finding("calls", False, detail=f"{len(got)} results"))
    return findings


JUDGES: dict[str, Callable[[Inputs, Inputs], Iterator[Finding]]] = {
    "stack": judge_stack,
    "store": judge_store,
    "overflow": judge_overflow,
    "memory": judge_memory,
    "work": judge_work,
    "decoder": judge_decoder,
    "generator": judge_generator,
}
