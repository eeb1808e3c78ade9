"""That a case cannot be put to an interface is believed where it can be so, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from generator.credible import incredible, kind, parameters
from generator.data import (
    Binding,
    Bound,
    CaseResult,
    Check,
    EntryPoint,
    Verdict,
)
from generator.deciding import overall
from generator.verify import summary
from tests.made import challenge

ARRAY = np.ones(3)
PLAIN = {"x": ARRAY, "eps": 1e-5, "do": "once"}
CHALLENGE = challenge(
    ordinary=Check(group="g", says=""),
    rows=Check(group="g", says="", may_lack="lengths of their own for rows"),
    shown=Check(group="shown", says=""),
)


def found(check: str, call: dict[str, Any]) -> list[str]:
    """What is not believed of a run that answers a plain call and not this one."""
    cases = [
        SimpleNamespace(id="plain", check="ordinary", calls=(PLAIN,)),
        SimpleNamespace(id="asked", check=check, calls=(call,)),
    ]
    results = [
        CaseResult(case="plain", verdict=Verdict.PASSED, seconds=0, findings=(), note=""),
        CaseResult(case="asked", verdict=Verdict.NOT_TESTABLE, seconds=0, findings=(), note="no"),
    ]
    return incredible(CHALLENGE, cases, results)


@pytest.mark.parametrize(
    "call",
    [
        PLAIN,
        PLAIN | {"eps": 1.0},
        PLAIN | {"x": ARRAY.astype(np.float32)[None]},
        PLAIN | {"do": "refilled"},
    ],
)
def test_other_numbers_and_manners_are_no_other_question(call: dict[str, Any]) -> None:
    """Whoever answers a call can be asked it with other values, shapes and types, in any manner."""
    assert found("ordinary", call) == ["ordinary"]


@pytest.mark.parametrize("call", [{"x": ARRAY}, PLAIN | {"causal": False}])
def test_another_kind_of_call_may_be_beyond_an_interface(call: dict[str, Any]) -> None:
    """A flag, or other arguments."""
    assert kind(call) != kind(PLAIN)
    assert found("ordinary", call) == []


def test_a_flag_that_every_function_has_a_parameter_for_is_no_other_question() -> None:
    """Unless one of the functions that may have the parameter was bound without it."""
    entry = {
        role: EntryPoint(params={"x": (), "causal": ()}, optional=("causal",)) for role in "fb"
    }
    challenge = CHALLENGE.model_copy(update={"entry": entry})
    ways = {"f": {"x": 0, "causal": 1}, "b": {"x": 0, "causal": "causal"}}
    assert "causal" in parameters(challenge, bound(ways))
    assert "causal" not in parameters(challenge, bound(ways | {"b": {"x": 0}}))
    assert parameters(challenge, Binding(adapter="any.py")) == set()
    masked, unmasked = ({"x": ARRAY, "causal": causal} for causal in (True, False))
    assert kind(masked, {"causal"}) == kind(unmasked, {"causal"})
    assert kind(masked) != kind(unmasked)


def bound(ways: dict[str, dict[str, int | str]]) -> Binding:
    """A binding of roles to functions that take these parameters."""
    return Binding(
        entry={r: Bound(file="f.py", symbol=r, passes=p, reason="") for r, p in ways.items()}
    )


def test_a_check_that_declares_what_may_be_lacking_is_believed() -> None:
    """As is one that decides nothing."""
    assert found("rows", PLAIN) == found("shown", PLAIN) == []


def test_a_run_that_is_not_believed_has_not_passed() -> None:
    """All that was answered is right, and still the verdict blames and praises nobody."""
    checks: dict[str, Any] = {
        name: SimpleNamespace(verdict=Verdict.PASSED) for name in ("ordinary", "rows")
    }
    assert overall(CHALLENGE, checks) is Verdict.PASSED
    assert overall(CHALLENGE, checks, ["ordinary"]) is Verdict.NOT_TESTABLE
    assert "2 of 2" in summary(CHALLENGE, Verdict.PASSED, checks, "")
