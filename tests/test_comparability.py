"""Comparability: what differs between two runs besides the model is said beside the result."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from generator.comparability import differences
from generator.data import Corpus, Model, Published, Run, Session
from generator.discover import corpus
from generator.published import load_published

ROOT = Path(__file__).resolve().parent.parent
FOUND = corpus(ROOT)
PAIRS = tuple(combinations(FOUND.models, 2))


def test_known_differences_are_warned_of() -> None:
    """Thinking off against high, a provider logged otherwise, an added section: all named."""
    found = differences(FOUND, load_published(ROOT / "docs" / "records"), PAIRS)
    kv = " ".join(found["kv/glm5--qwen36"])
    assert "GLM-5 off, Qwen3-6 high" in kv
    assert "its log names llamacpp_remote" in kv
    assert any("added section" in w for w in found["ternary_training/glm5--opus47_1m"])


def test_runs_that_differ_in_nothing_known_are_not_warned_of() -> None:
    """No warning is made up where nothing is known to differ."""
    found = differences(FOUND, load_published(ROOT / "docs" / "records"), PAIRS)
    assert "flash_attention_bwd/glm5--kimi-k2.6" not in found


def two_runs(tmp_path: Path) -> Corpus:
    """Two models with a run each of the same challenge."""
    slug = "kv"
    models = {name: Model(slug=name, name=name, provider="Example Labs") for name in "ab"}
    runs = {
        f"{name}/{slug}": Run(model=name, challenge=slug, folder=tmp_path, artifacts=())
        for name in models
    }
    found = corpus(ROOT)
    return found.model_copy(update={"models": models, "runs": runs})


def warnings(tmp_path: Path, **logs: Session) -> str:
    """The warnings about the two runs, with logs given by model."""
    sessions = {f"{name}/kv": log for name, log in logs.items()}
    return " | ".join(
        differences(two_runs(tmp_path), Published(), [("a", "b")], sessions).get("kv/a--b", ())
    )


def log(*models: str, thinking: tuple[str, ...] = ()) -> Session:
    """A log of these models."""
    return Session(file="session.jsonl", format="pi", models=models, thinking=thinking)


def test_a_log_that_names_another_provider_is_warned_of(tmp_path: Path) -> None:
    """Declared against logged; spelling and case apart, the same name is the same provider."""
    said = warnings(tmp_path, a=log("llamacpp_remote/m"), b=log("example-labs/m"))
    assert said == "a/kv: declared to run at Example Labs, its log names llamacpp_remote"


def test_a_model_that_changed_mid_way_is_warned_of(tmp_path: Path) -> None:
    """The run is then the work of two models."""
    said = warnings(tmp_path, a=log("examplelabs/m", "examplelabs/n"), b=log("examplelabs/m"))
    assert said == "a/kv: the model changed mid-way: examplelabs/m, examplelabs/n"


def test_thinking_levels_of_logs_are_compared(tmp_path: Path) -> None:
    """A level that changed is told with both; one that is not logged is told as that."""
    said = warnings(tmp_path, a=log(thinking=("off", "high")), b=log())
    assert said == "thinking level: a off, then high, b not logged"


def test_equal_logs_give_no_warning(tmp_path: Path) -> None:
    """Nothing differs."""
    one = log("examplelabs/m", thinking=("high",))
    assert warnings(tmp_path, a=one, b=one) == ""
