"""What an option may be: what cannot be meant is refused, what has no effect is said."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from generator.judge.budget import Budget
from tests.cli.conftest import Command


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "-inf"])
@pytest.mark.parametrize("name", ["build", "judge"])
def test_a_budget_is_a_sum_of_money(name: str, value: str, command: Command) -> None:
    """Compared with NaN no cost is too high, so a limit that is none is refused before anything."""
    done = command(name, f"--budget={value}")
    assert done.exit_code == 2
    assert "'--budget'" in done.stderr


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.01])
def test_no_part_of_the_program_makes_such_a_budget(value: float) -> None:
    """Whoever asks a judge, not the command line alone."""
    with pytest.raises(ValueError, match="finite"):
        Budget(value)


@pytest.mark.parametrize("name", ["build", "verify"])
def test_a_seed_is_not_negative(name: str, command: Command) -> None:
    """NumPy draws from none below zero."""
    done = command(name, "--seed=-1")
    assert done.exit_code == 2
    assert "'--seed'" in done.stderr


def test_a_seed_that_is_not_used_is_said_to_be(command: Command) -> None:
    """Current records of other seeds are reused, in which case one line says so."""
    done = command("verify", "--seed", "8")
    assert "--seed 8 is not used for 2 runs" in done.stderr
    assert "--seed" not in command("verify", "--seed", "7").stderr


def test_a_judge_that_needs_no_key_is_asked(
    project: Path, command: Command, httpserver: HTTPServer
) -> None:
    """A server on one's own machine names no variable; without one there is nothing to lack."""
    httpserver.expect_request("/v1/chat/completions").respond_with_data("no", status=400)
    settings = "model: m, structured: json_object, max_tokens: 900"
    free = "prices: {input: 0, cached: 0, output: 0}"
    url = httpserver.url_for("/v1")
    judges = f"judges: {{j: {{base_url: '{url}', {settings}, {free}}}}}\n"
    (project / "judges.yaml").write_text(judges)
    done = command("build", "--no-site")
    assert "nothing is asked" not in done.stdout
    assert httpserver.log


@pytest.mark.parametrize("option", ["--runs", "--records"])
def test_a_file_is_no_folder(option: str, project: Path, command: Command) -> None:
    """Taken for an empty folder of records it would give a site without any."""
    done = command("render", option, str(project / "README.md"))
    assert done.exit_code == 2
    assert f"'{option}'" in done.stderr
