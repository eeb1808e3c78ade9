"""The claims ledger: published sentences against the records that can decide them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from generator.claims import CHECKS, outcome, outcomes
from generator.data import Claim, Published
from generator.published import load_published
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parent.parent


@cache
def ledger() -> dict[str, str]:
    """Outcome by claim id."""
    loaded = load_published(ROOT / "docs" / "records")
    return {found.claim.id: found.outcome for found in outcomes(loaded)}


def test_the_ledger_holds_at_least_sixty_claims_with_unique_ids() -> None:
    """No claim is listed twice, and the ledger is not a handful of examples."""
    claims = load_published(ROOT / "docs" / "records").claims
    assert len({claim.id for claim in claims}) == len(claims) >= 60


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("coverage-opus47_1m", "contradicted"),
        ("coverage-qwen36", "contradicted"),
        ("coverage-minimax-m2.7", "contradicted"),
        ("coverage-glm5", "supported"),
        ("rank-glm5", "contradicted"),
        ("rank-opus47_1m", "contradicted"),
        ("opus-leads-glm5", "contradicted"),
        ("record-opus47_1m--qwen36", "contradicted"),
        ("ppl-glm5", "unverifiable"),
        ("ppl-qwen36", "unverifiable"),
        ("ppl-opus47_1m", "supported"),
        ("ppl-kimi-k2.6", "supported"),
        ("ppl-glm5.1", "supported"),
        ("session-logs", "contradicted"),
        ("only-all-eight", "contradicted"),
        ("kv-mask-inverted", "contradicted"),
        ("backwards-lowest-memory", "contradicted"),
        ("trap-glm51", "contradicted"),
    ],
)
def test_known_outcomes(claim: str, expected: str) -> None:
    """What the imported facts decide, they decide the same way at every build."""
    assert ledger()[claim] == expected


def test_every_check_is_used_by_a_claim() -> None:
    """A check that no claim names is dead code."""
    used = {claim.check for claim in load_published(ROOT / "docs" / "records").claims}
    assert set(CHECKS) == used


@pytest.mark.parametrize(
    ("check", "args", "message"),
    [
        ("no_such_check", {}, "no check called"),
        ("coverage", {"modle": "glm5"}, "args"),
        ("perplexity", {"model": "nobody", "says": 1}, "args"),
    ],
)
def test_a_claim_that_cannot_be_checked_is_a_bad_file(
    check: str, args: dict[str, object], message: str
) -> None:
    """A misspelt check or argument is named with the claim's id, never skipped."""
    loaded: Published = load_published(ROOT / "docs" / "records")
    claim = Claim(id="mine", source="s", says="s", check=check, args=args)
    with pytest.raises(BadFile, match=f"mine: .*{message}"):
        outcome(claim, loaded)


def test_sentences_call_models_and_challenges_by_their_names() -> None:
    """As pages do, where a name is known; a slug stands for itself elsewhere."""
    published = load_published(ROOT / "docs" / "records")
    claim = next(c for c in published.claims if c.id == "rank-glm5")
    assert "opus47_1m with 3.75" in outcome(claim, published).because
    named = published.model_copy(update={"names": {"opus47_1m": "Claude Opus 4.7"}})
    assert "Claude Opus 4.7 with 3.75" in outcome(claim, named).because
