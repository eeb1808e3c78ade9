"""A build whose judge writes a number of its own ends with that number, and loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.judge.conftest import GRADE, completion, reply

ROOT = Path(__file__).resolve().parent.parent
RUN = "glm5/backwards"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the generator with one challenge, one run and its evidence."""
    ignored = shutil.ignore_patterns("__pycache__")
    shared = ("challenges/driving", "challenges/judging")
    for name in ("generator", "challenges/backwards", *shared, "docs/records/published", RUN):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    files = ("challenges/kit.py", "pyproject.toml", "README.md", "ranking.yaml", "mkdocs.yml")
    record = f"docs/records/evidence/{RUN}.json"
    for name in (*files, "judges.yaml", "glm5/model.yaml", record):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def build(checkout: Path, server: HTTPServer, key: str) -> subprocess.CompletedProcess[str]:
    """`build` in the copy, its judge at the scripted server; without a key nothing is asked."""
    command = [sys.executable, "-m", "generator", "build", "--no-site"]
    given = {"JUDGE_BASE_URL": server.url_for("/v1"), "DEEPSEEK_API_KEY": key}
    return subprocess.run(
        command,
        cwd=checkout,
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def files(checkout: Path) -> dict[str, bytes]:
    """Everything that is published, and the README."""
    found = [f for f in (checkout / "docs").rglob("*") if f.is_file()]
    return {str(f): f.read_bytes() for f in sorted([*found, checkout / "README.md"])}


def writing(text: str) -> Any:
    """A judge that grades B and writes this text."""

    def answer(request: Request) -> Response:
        messages = json.loads(request.get_data())["messages"]
        if not messages[0]["content"].startswith("You write short texts"):
            return reply(completion(GRADE))
        return reply(completion({"paragraphs": [{"topic": "result", "text": text}]}))

    return answer


@pytest.mark.slow
def test_a_number_without_a_source_fails_the_build_and_loses_nothing(
    checkout: Path, httpserver: HTTPServer
) -> None:
    """Exit code 1 and a line with record, field and number; the page is there and marks it.

    A build without the key says the same and changes no byte. When the record is removed and the
    judge keeps to the facts, the build passes, with a key and without.
    """
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(writing("All 42 pass."))
    done = build(checkout, httpserver, "k")
    assert done.returncode == 1, done.stderr
    record = checkout / "docs" / "records" / "analyses" / "deepseek-v4-pro" / "backwards.json"
    assert f"{record}: paragraphs.0.text: 42 (a number of the judge's own" in done.stdout
    page = (checkout / "docs" / "challenges" / "backwards.md").read_text()
    assert '<span class="kb-own">42</span>' in page
    before = files(checkout)
    assert build(checkout, httpserver, "").returncode == 1
    assert files(checkout) == before

    shutil.rmtree(record.parent)
    shutil.rmtree(checkout / "docs" / "records" / "profiles")
    httpserver.clear()
    good = writing("{{passing}} pass.")
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(good)
    done = build(checkout, httpserver, "k")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 asked" in done.stdout
    before = files(checkout)
    done = build(checkout, httpserver, "")
    assert done.returncode == 0
    assert files(checkout) == before
