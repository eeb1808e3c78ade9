"""Records that several tests make alike."""

from __future__ import annotations

from typing import Any

from generator.data import Challenge, Check, Digests, Evidence, Exchange, Group, Status, Verdict

DAY = "2026-01-01T00:00:00+00:00"
DIGESTS = Digests(artifacts="a", challenge="c", verifier="v")


def challenge(**checks: Check) -> Challenge:
    """A challenge with these checks, in the group `g`, or in `shown`, which does not decide."""
    return Challenge.model_validate(
        {
            "slug": "s",
            "title": "t",
            "difficulty": "Medium",
            "runtime": "numpy",
            "summary": "s",
            "entry": {},
            "groups": {"g": Group(weight=1), "shown": Group(weight=0, decides=False)},
            "checks": checks,
        }
    )


def evidence(key: str, verdict: Verdict, **more: Any) -> Evidence:
    """A small record of the run MODEL/CHALLENGE. more: its other fields."""
    model, _, slug = key.partition("/")
    small = {"summary": "", "digests": DIGESTS, "seed": 1, "made_at": DAY, "seconds": 0}
    return Evidence(**{"model": model, "challenge": slug, "verdict": verdict, **small, **more})


def exchange(key: str, reply: str, status: Status = Status.OK) -> Exchange:
    """What a judge was asked under this key, and its reply."""
    return Exchange(
        key=key,
        judge="j",
        base_url="u",
        requested_model="r",
        parameters={},
        messages=(),
        reply=reply,
        status=status,
        made_at=DAY,
    )
