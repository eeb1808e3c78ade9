"""The names of the graders that are no judge of judges.yaml, as records and pages have them."""

from __future__ import annotations

PUBLISHED = "published"
SCORES = "published scores"
EVIDENCE = "evidence"
_BLIND = ", blind"


def blind(judge: str) -> str:
    """The grader that stands for what a judge says without the evidence."""
    return judge + _BLIND


def is_blind(grader: str) -> bool:
    """Whether a grader is one that was not shown the evidence."""
    return grader.endswith(_BLIND)
