"""The plain harness against a server that says what the test wants: what is stored."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generator.discover import corpus
from generator.making.harness import ASKED, Server, run
from generator.sessions import entries, log_of, summary
from generator.sessions.replay import replay
from generator.verify import produced
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parents[2]
CODE = "def layer_norm_forward(x, gamma, beta, eps):\n    return x, None\n"
REPLY = f"Here it is.\n\n```python\n{CODE}```\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one challenge."""
    shutil.copytree(ROOT / "challenges" / "backwards", tmp_path / "challenges" / "backwards")
    return tmp_path


def serve(server: HTTPServer, content: str, **more: Any) -> Server:
    """A server that answers with this content."""
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    choice = {"index": 0, "finish_reason": more.pop("finish", "stop"), "message": message}
    usage = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "served-1",
        "usage": usage,
    }
    server.expect_request("/v1/chat/completions").respond_with_json(body | {"choices": [choice]})
    return Server(base_url=server.url_for("/v1"), model="asked-for-1")


def test_reply_files_and_log_are_stored_word_for_word(root: Path, httpserver: HTTPServer) -> None:
    """The reply is raw, its block is a file, and the model's provenance is original."""
    (folder,) = run(root, "new-1", serve(httpserver, REPLY), ["backwards"])
    assert (folder / "reply.md").read_text() == REPLY
    assert (folder / "backwards.py").read_text() == CODE
    model = corpus(root).models["new-1"]
    assert (model.provider, str(model.provenance)) == ("local", "original")
    sent = json.loads(httpserver.log[0][0].get_data())["messages"]
    prompt = (root / "challenges" / "backwards" / "PROMPT.md").read_text()
    assert sent == [{"role": "user", "content": prompt + ASKED}]


def test_half_a_pair_of_surrogates_loses_no_reply(root: Path, httpserver: HTTPServer) -> None:
    """JSON can escape what no file in UTF-8 can hold."""
    (folder,) = run(root, "new-1", serve(httpserver, f"\ud83d {REPLY}"), ["backwards"])
    assert (folder / "reply.md").read_text() == f"? {REPLY}"
    assert (folder / "backwards.py").read_text() == CODE


def test_what_is_no_json_is_refused_in_one_line(root: Path, httpserver: HTTPServer) -> None:
    """Nothing is written for a server that answers 200 with half a reply."""
    server = serve(httpserver, REPLY)
    httpserver.clear()
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        '{"choices', content_type="application/json"
    )
    with pytest.raises(BadFile, match="JSONDecodeError"):
        run(root, "new-1", server, ["backwards"])
    assert not (root / "new-1").exists()


def test_half_an_answer_is_not_kept(
    root: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full, no folder is left that would be verified as what the model wrote."""

    def full(path: Path, content: str) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("generator.making.harness.write", full)
    with pytest.raises(OSError, match="No space left") as told:
        run(root, "new-1", serve(httpserver, REPLY), ["backwards"])
    assert told.value.filename == str(root / "new-1" / "backwards")
    assert list((root / "new-1").iterdir()) == []


def test_the_log_is_one_that_our_own_reader_understands(root: Path, httpserver: HTTPServer) -> None:
    """Model, provider, tokens and the prompt as sent; replay finds every file in the messages."""
    answer = serve(httpserver, REPLY, message={"reasoning_content": "Let me think."})
    run(root, "new-1", answer, [])
    stored = corpus(root).runs["new-1/backwards"]
    path = log_of(stored)
    assert path is not None
    found = summary(path)
    assert found is not None and found.format == "pi" and not found.broken
    assert found.models == ("local/asked-for-1", "local/served-1")
    assert (found.turns, found.tokens.input, found.tokens.output) == (1, 50, 20)
    assert [e.text for e in entries(path) if e.kind == "reasoning"] == ["Let me think."]
    assert {r.outcome for r in replay(entries(path), stored)} == {"as logged"}


def test_an_answer_cut_off_is_stored_as_that(root: Path, httpserver: HTTPServer) -> None:
    """The log says why it stopped."""
    (folder,) = run(root, "new-1", serve(httpserver, REPLY[:-4], finish="length"), [])
    last = json.loads((folder / "session.jsonl").read_text().splitlines()[-1])
    assert last["message"]["stopReason"] == "length"
    assert (folder / "backwards.py").exists()


def test_an_empty_answer_leaves_prompt_and_log(root: Path, httpserver: HTTPServer) -> None:
    """The model was asked and gave nothing: a run without output."""
    (folder,) = run(root, "new-1", serve(httpserver, ""), [])
    assert {p.name for p in folder.iterdir()} == {"PROMPT.md", "session.jsonl"}


def test_an_answer_without_code_is_no_output(root: Path, httpserver: HTTPServer) -> None:
    """The reply is kept, and is not taken for an output, whatever the challenge's runtime."""
    (folder,) = run(root, "new-1", serve(httpserver, "I cannot do that."), [])
    assert (folder / "reply.md").exists()
    assert not produced(corpus(root).runs["new-1/backwards"])


def test_a_failed_request_writes_nothing(root: Path, httpserver: HTTPServer) -> None:
    """No folder is made for an answer that never came."""
    httpserver.expect_request("/v1/chat/completions").respond_with_data("no", status=400)
    with pytest.raises(BadFile, match="BadRequestError"):
        run(root, "new-1", Server(base_url=httpserver.url_for("/v1"), model="m"), [])
    assert not (root / "new-1").exists()


def test_a_stored_answer_is_never_asked_for_again(root: Path, httpserver: HTTPServer) -> None:
    """What a model said stays; a second try is another model's folder."""
    server = serve(httpserver, REPLY)
    run(root, "new-1", server, [])
    with pytest.raises(BadFile, match="exists already"):
        run(root, "new-1", server, [])
    assert len(httpserver.log) == 1


def test_a_missing_key_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent."""
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(BadFile, match="no key: set SOME_KEY"):
        run(root, "new-1", Server("http://127.0.0.1:9", "m", key_variable="SOME_KEY"), [])
