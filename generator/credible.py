"""Whether to believe that a case cannot be put to an interface.

That is said beside the untrusted code, so it may be a lie. What can be asked depends on the
interface: not on numbers, shapes or types. Whoever answers one call can be asked every call of the
same kind, but in checks that declare what an interface may lack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.data import CaseResult, Challenge, Verdict

ANSWERED = {Verdict.PASSED, Verdict.WRONG}
Kind = frozenset[tuple[str, str]]


def incredible(
    challenge: Challenge, cases: Sequence[Any], results: Sequence[CaseResult]
) -> list[str]:
    """The deciding checks with a case that is said to be untestable and is not.

    cases: of the challenge, as its kernel tests made them. results: one for each of them that ran.
    """
    case_of = {case.id: case for case in cases}
    answered = {
        kind(call)
        for result in results
        if result.verdict in ANSWERED
        for call in case_of[result.case].calls
    }
    lies = {
        case_of[result.case].check
        for result in results
        if result.verdict is Verdict.NOT_TESTABLE
        and {kind(call) for call in case_of[result.case].calls} <= answered
    }
    return [name for name in challenge.checks if name in lies and binds(challenge, name)]


def binds(challenge: Challenge, name: str) -> bool:
    """Whether a check decides, and every interface can be asked what it asks."""
    check = challenge.checks[name]
    return challenge.groups[check.group].decides and not check.may_lack


def kind(call: Mapping[str, Any]) -> Kind:
    """What a call asks, without its numbers: the names in it, and the flags and words they hold."""
    return frozenset(
        (name, str(value) if isinstance(value, bool | str) else "") for name, value in call.items()
    )
