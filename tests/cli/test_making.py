"""`import`, `new-challenge`, `run`, and commands that promise to change nothing."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import ROOT, Command


def test_import_names_what_came_in(project: Path, command: Command, slug: str) -> None:
    """A line a model; again, it is refused in one line and nothing is changed."""
    run = project.parent / "elsewhere" / "newcomer" / slug
    run.mkdir(parents=True)
    (run / "answer.py").write_text("x = 1\n")
    done = command("import", str(run.parents[1]))
    assert (done.exit_code, done.stdout) == (0, "imported: newcomer\n")
    again = command("import", str(run.parents[1]))
    assert (again.exit_code, len(again.stderr.splitlines())) == (2, 1)
    assert "exists already" in again.stderr


@pytest.mark.parametrize("name", ["kit", "numpy", "driving", "judging", "random", "docs", "torch"])
def test_a_challenge_is_not_called_as_a_module_is(
    name: str, project: Path, command: Command
) -> None:
    """It would be imported in its place, or the other way round."""
    done = command("new-challenge", name)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: '{name}': ")
    assert name in {"driving", "judging"} or not (project / "challenges" / name).exists()


@pytest.mark.parametrize("given", [[], ["--local", "--base-url", "http://127.0.0.1:1/v1"]])
def test_run_wants_one_server(given: list[str], project: Path, command: Command) -> None:
    """None, or two of which one would be ignored, is refused before anything is asked."""
    done = command("run", "--model", "m", *given)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "--base-url, or --local" in done.stderr
    assert not (project / "m").exists()


def test_the_small_model_is_not_left_to_go_on(
    project: Path, command: Command, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a limit of one's own, a request of it has one; of another server it has none."""
    httpserver.expect_request("/v1/chat/completions").respond_with_data("no", status=400)
    url = httpserver.url_for("/v1")
    monkeypatch.setattr("generator.judge.local.local_server", lambda: nullcontext(url))
    for given in (["--local"], ["--local", "--max-tokens", "9"], ["--base-url", url]):
        assert command("run", "--model", "m", *given).exit_code == 2
    sent = [json.loads(request.get_data()) for request, _ in httpserver.log]
    assert [body.get("max_tokens") for body in sent] == [2048, 9, None]


def test_a_judge_is_not_named_in_vain(project: Path, command: Command) -> None:
    """`--local` is a judge of its own."""
    done = command("judge", "--dry-run", "--local", "--judge", "j")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "--judge j or --local, not both" in done.stderr


@pytest.mark.parametrize("given", [["build", "--check"], ["judge", "--dry-run", "--judge", "j"]])
def test_where_nothing_can_be_kept_nothing_is_needed(
    given: list[str], project: Path, command: Command
) -> None:
    """Where .cache cannot be written, as in a read-only checkout, the answer is the same."""
    settings = "base_url: x, model: m, structured: json_object, max_tokens: 9"
    judges = f"judges: {{j: {{{settings}, prices: {{input: 1, cached: 1, output: 1}}}}}}\n"
    (project / "judges.yaml").write_text(judges)
    shutil.copytree(ROOT / "challenges/backwards", project / "challenges/backwards")
    command("render")
    expected = command(*given)
    shutil.rmtree(project / ".cache")
    (project / ".cache").write_text("a file, so no folder can be made in it")
    before = {p: p.stat().st_mtime_ns for p in project.rglob("*")}
    done = command(*given)
    assert done.output and (done.exit_code, done.output) == (expected.exit_code, expected.output)
    assert {p: p.stat().st_mtime_ns for p in project.rglob("*")} == before
