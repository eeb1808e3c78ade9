"""Logs that somebody made to break a reader: no content stops a build, and no link is followed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.data import Corpus
from generator.logged import read_logs
from generator.sessions import entries, log_of, summary, timeline
from generator.sessions.replay import MOST_OPEN, paired, replay
from generator.sessions.spans import TOKENS
from tests.sessions.logs import answer, call, line, pi_log, result, run_of, said

LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers()
VALUES = st.recursive(
    LEAVES | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
EDIT = {"path": "a.py", "edits": [{"oldText": "a", "newText": "b"}]}
SEEDS: list[dict[str, Any]] = [
    line("model_change", 1, provider="p", modelId="m"),
    line("compaction", 1, summary="s", usage={"input": 1}),
    said(1, "user", [{"type": "text", "text": "t"}]),
    answer(2, {"type": "toolCall", "id": "t", "name": "edit", "arguments": EDIT}),
    result(3, "t", "edit", "ok"),
    said(4, "bashExecution", "", command="ls", output="x", exitCode=0),
]
WRITE = {"status": "completed", "input": {"filePath": "a.py", "content": "x"}, "time": {"end": 1}}
USED = {"tokens": {"input": 1, "cache": {"read": 1}}, "time": {"created": 1}}
MESSAGES: list[dict[str, Any]] = [
    {
        "info": {"role": "user", "model": {"providerID": "p", "modelID": "m"}},
        "parts": [{"type": "text", "text": "t"}],
    },
    {
        "info": {"role": "assistant", "modelID": "m", **USED},
        "parts": [{"type": "tool", "tool": "write", "callID": "c", "state": WRITE}],
    },
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return found + [p for key, item in items for p in places(item, (*path, key))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with one place replaced."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return copy


@st.composite
def damaged(draw: st.DrawFn, seeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Good entries, one value of one of which is anything at all."""
    number = draw(st.integers(0, len(seeds) - 1))
    path = draw(st.sampled_from(places(seeds[number])))
    changed = replaced(seeds[number], path, draw(VALUES))
    return [*seeds[:number], changed, *seeds[number + 1 :]]


def read_all(folder: Path) -> None:
    """Everything that is ever read from a log."""
    run = run_of(folder, a__py="a")
    path = log_of(run)
    if path:
        assert summary(path) is not None
        timeline(path)
        replay(entries(path), run)


@QUICK
@given(damaged(SEEDS))
def test_any_value_anywhere_in_a_pi_log_is_survived(rows: list[dict[str, Any]]) -> None:
    """Wrong types, huge numbers and infinities count as nothing."""
    with tempfile.TemporaryDirectory() as folder:
        pi_log(Path(folder) / "session.jsonl", *rows)
        read_all(Path(folder))


@QUICK
@given(damaged(MESSAGES))
def test_any_value_anywhere_in_an_export_is_survived(rows: list[dict[str, Any]]) -> None:
    """The same for opencode."""
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps({"info": {}, "messages": rows})
        (Path(folder) / "session.json").write_text(text)
        read_all(Path(folder))


def test_links_and_pipes_are_no_logs(tmp_path: Path) -> None:
    """A link may lead to somebody's file, and a pipe would never end."""
    pi_log(tmp_path / "elsewhere.jsonl", said(1, "user", "private"))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "session.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    os.mkfifo(folder / "sesion.jsonl")
    assert log_of(run_of(folder)) is None


def test_a_storage_folder_follows_no_link_out_of_itself(tmp_path: Path) -> None:
    """Neither for a message nor for a part."""
    (tmp_path / "private.json").write_text(json.dumps({"role": "user", "id": "private"}))
    messages = tmp_path / "run" / "session" / "message" / "ses_1"
    messages.mkdir(parents=True)
    (messages / "msg_1.json").symlink_to(tmp_path / "private.json")
    (messages / "msg_2.json").write_text('{"role": "user", "id": ".."}')
    found = summary(tmp_path / "run" / "session")
    assert found is not None and found.entries == 1


def test_a_log_that_cannot_be_read_is_a_problem_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the build goes on."""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    run = run_of(tmp_path)
    pi_log(tmp_path / "session.jsonl")
    monkeypatch.setattr("generator.logged.summary", refuse)
    corpus = Corpus(root=tmp_path, challenges={}, models={}, runs={"m/c": run})
    assert read_logs(corpus).problems == ["m/c: its session log cannot be read: Permission denied"]


def test_a_log_that_doubles_a_text_is_not_replayed(tmp_path: Path) -> None:
    """Sixty edits of eight kilobytes would make a text of 2**60 characters."""
    edits = [{"oldText": "a", "newText": "aa", "replaceAll": True}] * 60
    for number, more in enumerate(({"edits": edits}, edits[0])):
        calls = [answer(1, call("w", "write", path="a.py", content="a"))]
        calls += [answer(2, call("e", "multiedit", path="a.py", **more))] * 60
        log = pi_log(tmp_path / f"{number}.jsonl", *calls)
        (outcome,) = replay(entries(log), run_of(tmp_path, a__py="a"))
        assert outcome.outcome == "not replayable"


def test_a_path_without_end_names_no_file(tmp_path: Path) -> None:
    """Of a path, as many parts are looked up as a stored file may have."""
    endless = call("w", "write", path="a/" * 100_000 + "b.py", content="a")
    log = pi_log(tmp_path / "session.jsonl", answer(1, endless))
    (outcome,) = replay(entries(log), run_of(tmp_path, a__py="a"))
    assert outcome.outcome == "not in the log"


def test_a_string_that_never_ends_is_read_once(tmp_path: Path) -> None:
    """Each quotation mark in it is not tried anew, and what it swallows is no message."""
    text = b'{"info": 1, "messages": [{"a": "' + b'\\"' * 300_000
    assert len(TOKENS.findall(text)) == 7
    (tmp_path / "session.json").write_bytes(text + b"\\")
    read_all(tmp_path)


def test_few_calls_wait_for_their_result(tmp_path: Path) -> None:
    """Calls that nothing ever answers do not make every result look through all of them."""
    calls = [answer(1, call(str(n), "write", path="a.py")) for n in range(MOST_OPEN + 2)]
    late = [result(2, "0", "write", "", failed=True), result(2, "2", "write", "", failed=True)]
    log = pi_log(tmp_path / "session.jsonl", *calls, *late)
    assert paired(entries(log))[1:] == ({2}, {2})
