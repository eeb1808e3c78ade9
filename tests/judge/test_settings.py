"""Judges as they are named in judges.yaml and replaced on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from generator.cli import app
from generator.judge.settings import load_judge

FILE = Path(__file__).resolve().parents[2] / "judges.yaml"


def test_another_server_is_the_same_judge() -> None:
    """A gateway in front of a model does not change who answers."""
    judge = load_judge(FILE, "openai", "http://gateway.example/v1")
    assert (judge.name, judge.family) == ("openai", "GPT")
    assert judge.base_url == "http://gateway.example/v1"


def test_another_model_is_another_judge() -> None:
    """Its letters are recorded under its own name, as of no known family."""
    judge = load_judge(FILE, "openai", "http://127.0.0.1:1/v1", "org/new model:7b")
    assert (judge.name, judge.model, judge.family) == ("org-new-model-7b", "org/new model:7b", "")
    assert load_judge(FILE, "openai", "", "gpt-5.5").name == "openai"


@pytest.mark.parametrize("command", [("judge",), ("run", "--model", "m")], ids=["judge", "run"])
def test_an_address_without_a_scheme_is_refused(command: tuple[str, ...]) -> None:
    """Before anything is asked."""
    done = CliRunner().invoke(app, [*command, "--base-url", "127.0.0.1:8080"])
    assert done.exit_code == 2
    assert "http://" in done.output
