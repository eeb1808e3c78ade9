"""From what a sandbox replied to what became of the case. Only the parent's checks can pass it."""

from __future__ import annotations

import math
from typing import Any

from generator.data import CaseResult, Finding, Verdict
from generator.kernel_tests import KernelTests
from generator.sandbox import Reply

LONGEST_NOTE = 2000


def judge_case(tests: KernelTests, case: Any, reply: Reply) -> CaseResult:
    """The result of one case, from the reply to its calls."""
    verdict, findings, note = judge_reply(tests, case, reply)
    return CaseResult(
        case=case.id,
        verdict=verdict,
        seconds=round(reply.seconds, 4),
        findings=findings,
        note=note[:LONGEST_NOTE],
    )


def judge_reply(
    tests: KernelTests, case: Any, reply: Reply
) -> tuple[Verdict, tuple[Finding, ...], str]:
    """Verdict, findings and a note for the reader."""
    if reply.status == "timeout":
        return Verdict.TIMEOUT, (), reply.note
    if reply.status != "done":
        return Verdict.CRASHED, (), reply.note
    untestable = [out["not_testable"] for out in reply.outputs if "not_testable" in out]
    if untestable:
        return Verdict.NOT_TESTABLE, (), str(untestable[0])
    if len(reply.outputs) != len(case.calls):
        return Verdict.CRASHED, (), f"{len(reply.outputs)} results for {len(case.calls)} calls"
    findings = judged(tests, case, reply)
    passed = bool(findings) and all(finding.ok for finding in findings)
    return (Verdict.PASSED if passed else Verdict.WRONG), findings, ""


def judged(tests: KernelTests, case: Any, reply: Reply) -> tuple[Finding, ...]:
    """The checks' findings. A result that a check cannot even read has not passed it."""
    try:
        found = list(tests.check(case, list(reply.outputs)))
    except Exception as error:  # noqa: BLE001 - what came back is hostile, and may break any check
        return (Finding(name="result", ok=False, detail=f"cannot be judged: {error!r:.200}"),)
    return tuple(
        Finding(
            name=f.name,
            ok=bool(f.ok),
            error=number(f.error),
            bound=number(f.bound),
            detail=f.detail,
        )
        for f in found
    )


def number(value: float | None) -> float | None:
    """Four significant digits: JSON for people, and stable across machines' last bits."""
    return None if value is None or math.isnan(value) else float(f"{value:.4g}")
