"""Ternary training: outputs with interfaces the prompt does not ask for, in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.data import Evidence
from generator.discover import corpus
from generator.engines.local import Local
from generator.schedule import standings, tasks

ROOT = Path(__file__).parents[2]
OUTPUTS = ROOT / "tests" / "fixtures" / "ternary_training"
MUST_FAIL = {
    "a-scale-for-each-row": {"projection_exact", "groups_are_independent"},
    "no-estimator": {"gradient_is_identity", "layer_gradients", "zero_groups"},
}
SHOWN = {
    "projects-inside-the-layer": {"own_embedding_is_ternary", "indivisible_width"},
    "a-custom-function-elsewhere": {"tiny_weights", "indivisible_width"},
    "wants-a-hub-and-a-gpu": {"own_embedding_is_ternary", "indivisible_width"},
    "unpacks-a-hub-model": {"indivisible_width"},
}

PASSES = {"layers-in-a-package": {"own_layers_are_ternary", "own_model_learns"}}


@pytest.mark.slow
def test_each_foreign_output_gets_the_verdict_it_deserves() -> None:
    """Layers in packages, methods, codes and scales, hub imports: bound, never mistaken."""
    pytest.importorskip("mlx.core")
    found = corpus(ROOT, OUTPUTS)
    digests = {key: digest for key, (_, digest) in standings(found, {}).items()}
    for task, evidence in Local(2).verify_all(tasks(found, list(found.runs), digests)):
        assert isinstance(evidence, Evidence), evidence
        failed = {name for name, result in evidence.checks.items() if result.verdict.failed}
        expected = MUST_FAIL.get(task.run.model, set())
        assert evidence.verdict == ("wrong" if expected else "passed"), (task.run.key, failed)
        assert expected | SHOWN.get(task.run.model, set()) <= failed, task.run.key
        for name in PASSES.get(task.run.model, set()):
            assert evidence.checks[name].verdict == "passed", (task.run.key, name)


def test_there_is_an_output_for_every_expectation() -> None:
    """No expectation speaks of an output that is not there."""
    assert MUST_FAIL.keys() | SHOWN.keys() | PASSES.keys() <= {
        folder.name for folder in OUTPUTS.iterdir()
    }
