"""Whether to believe that a case cannot be put to an interface.

That is said beside the untrusted code, so it may be a lie. What can be asked depends on the
interface: not on numbers, shapes or types, nor on the manner in which a driver makes a call.
Whoever answers one call can be asked every call of the same kind, but in checks that declare what
an interface may lack.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from generator.data import Binding, CaseResult, Challenge, Verdict

ANSWERED = {Verdict.PASSED, Verdict.WRONG}
MANNER = "do"  # of a call, by the drivers' convention: twice, on views, after another call, ...
Kind = frozenset[tuple[str, str]]


def incredible(
    challenge: Challenge,
    cases: Sequence[Any],
    results: Sequence[CaseResult],
    binding: Binding | None = None,
) -> list[str]:
    """The deciding checks with a case that is said to be untestable and is not.

    cases: of the challenge, as its kernel tests made them. results: one for each of them that ran.
    binding: to the entry points that answered; what they have parameters for, they can be asked.
    """
    case_of = {case.id: case for case in cases}
    taken = parameters(challenge, binding or Binding())
    answered = {
        kind(call, taken)
        for result in results
        if result.verdict in ANSWERED
        for call in case_of[result.case].calls
    }
    lies = {
        case_of[result.case].check
        for result in results
        if result.verdict is Verdict.NOT_TESTABLE
        and {kind(call, taken) for call in case_of[result.case].calls} <= answered
    }
    return [name for name in challenge.checks if name in lies and binds(challenge, name)]


def binds(challenge: Challenge, name: str) -> bool:
    """Whether a check decides, and every interface can be asked what it asks."""
    return challenge.decides(name) and not challenge.checks[name].may_lack


def parameters(challenge: Challenge, binding: Binding) -> set[str]:
    """The canonical parameters that every bound function has of those that its role may have."""
    roles = [(challenge.entry[role].params, way.passes) for role, way in binding.entry.items()]
    names = {name for params, _ in roles for name in params}
    return {n for n in names if all(n in passes for params, passes in roles if n in params)}


def kind(call: Mapping[str, Any], taken: Collection[str] = ()) -> Kind:
    """What a call asks, without its numbers: the names in it, and the flags and words they hold.

    taken: parameters that the output has, whose values are numbers like any others. A manner of
    calling asks no more of an interface than a call does.
    """
    return frozenset(
        (name, str(value) if isinstance(value, bool | str) and name not in taken else "")
        for name, value in call.items()
        if name != MANNER
    )
