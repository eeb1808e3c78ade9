"""Comparability: what differs between two runs besides the model is said beside the result."""

from __future__ import annotations

from pathlib import Path

from generator.comparability import differences
from generator.discover import corpus
from generator.published import load_published

ROOT = Path(__file__).resolve().parent.parent


def test_known_differences_are_warned_of() -> None:
    """Thinking off against high, a provider logged otherwise, an added section: all named."""
    found = differences(corpus(ROOT), load_published(ROOT / "docs" / "records"))
    kv = " ".join(found["kv/glm5--qwen36"])
    assert "glm5 off, qwen36 high" in kv
    assert "its log names llamacpp_remote" in kv
    assert any("added section" in w for w in found["ternary_training/glm5--opus47_1m"])


def test_runs_that_differ_in_nothing_known_are_not_warned_of() -> None:
    """No warning is made up where nothing is known to differ."""
    found = differences(corpus(ROOT), load_published(ROOT / "docs" / "records"))
    assert "flash_attention_bwd/glm5--kimi-k2.6" not in found
