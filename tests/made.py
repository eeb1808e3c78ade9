"""Records that several tests make alike."""

from __future__ import annotations

from generator.data import Challenge, Check, Group


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
