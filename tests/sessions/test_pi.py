"""Logs of pi: what is counted, what is broken, and how much memory a large one takes."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from generator.sessions import format_of, log_of, summary, timeline
from tests.sessions.logs import answer, call, line, pi_log, result, run_of, said


def ordinary(path: Path) -> Path:
    """A session with a change of model and of thinking level, a failure and two broken lines."""
    return pi_log(
        path,
        line("model_change", 1, provider="nowhere", modelId="made-up-1"),
        line("thinking_level_change", 2, thinkingLevel="high"),
        said(3, "user", "Write it."),
        answer(4, {"type": "thinking", "thinking": "hm"}, call("t1", "write", path="a.py")),
        result(5, "t1", "write", "done"),
        '{"type":"message","id":"half',
        line("model_change", 6, provider="elsewhere", modelId="made-up-2"),
        line("thinking_level_change", 7, thinkingLevel="off"),
        answer(8, call("t2", "bash", command="python a.py"), model="made-up-2"),
        result(9, "t2", "bash", "exit 1", failed=True),
        "not json at all",
        said(10, "bashExecution", "", command="ls", output="a.py", exitCode=0),
        line("compaction", 11, summary="so far", usage={"input": 1, "cost": {"total": 0.5}}),
        answer(20, {"type": "text", "text": "Done."}, model="made-up-2", stopReason="error"),
    )


def test_counts_of_a_session(tmp_path: Path) -> None:
    """Turns, calls by tool, tokens, cost, errors and time are those of the log."""
    found = summary(ordinary(tmp_path / "session.jsonl"))
    assert found is not None
    assert (found.format, found.turns, found.errors) == ("pi", 3, 2)
    assert found.calls == {"bash": 2, "write": 1}
    assert found.tokens.model_dump() == {
        "input": 31,
        "output": 15,
        "cache_read": 9,
        "cache_write": 6,
    }
    assert found.cost == 1.25
    assert (found.started, found.seconds) == ("2026-01-02T03:04:00+00:00", 20.0)


def test_models_and_thinking_levels_in_order_of_appearance(tmp_path: Path) -> None:
    """A model that changes mid-way is there with the others, under the provider that was logged."""
    found = summary(ordinary(tmp_path / "session.jsonl"))
    assert found is not None
    assert found.models == ("nowhere/made-up-1", "elsewhere/made-up-2", "nowhere/made-up-2")
    assert found.thinking == ("high", "off")


def test_broken_lines_are_numbered_and_the_rest_is_kept(tmp_path: Path) -> None:
    """Line numbers are those an editor shows."""
    found = summary(ordinary(tmp_path / "session.jsonl"))
    assert found is not None and found.broken == (7, 12)


def test_a_log_under_a_misspelt_name_is_found(tmp_path: Path) -> None:
    """`sesion.jsonl` is a log; a JSON file called so that is none is passed over."""
    ordinary(tmp_path / "sesion.jsonl")
    run = run_of(tmp_path, session__json='{"a": 1}', notes__jsonl="{}")
    assert log_of(run) == tmp_path / "sesion.jsonl"


@pytest.mark.parametrize("text", ["", "\n\n", "[]", '{"type": "other"}', "\x00\xff", "{" * 5000])
def test_what_is_no_log_has_no_format(tmp_path: Path, text: str) -> None:
    """Any content may stand in a file of that name."""
    path = tmp_path / "session.jsonl"
    path.write_text(text, encoding="latin-1")
    assert format_of(path) == ""
    assert summary(path) is None
    assert timeline(path) == ()


def test_odd_values_are_counted_as_nothing(tmp_path: Path) -> None:
    """Fields of a wrong type neither raise nor count."""
    odd = answer(1, usage={"input": "7", "output": None, "cost": []}, provider=None)
    log = pi_log(
        tmp_path / "session.jsonl",
        odd,
        line("message", 2, message=[1]),
        said(3, "assistant", [None, {"type": "toolCall", "arguments": 3}], usage=4),
        {"type": "message", "timestamp": 1e300, "message": {"role": "user", "content": 5}},
        {"type": "message", "timestamp": True, "message": {"role": "toolResult"}},
    )
    found = summary(log)
    assert found is not None and found.tokens.input == 0 and found.turns == 2
    assert timeline(log)


def test_timeline_marks_failures_and_broken_lines(tmp_path: Path) -> None:
    """What failed is marked, and a line that could not be read stands in its place."""
    moments = timeline(ordinary(tmp_path / "session.jsonl"))
    assert [m.line for m in moments if m.kind == "broken"] == [7, 12]
    assert [m.line for m in moments if m.failed] == [11, 15]
    assert next(m for m in moments if m.kind == "call").title == "write"


def test_a_line_longer_than_the_limit_is_broken_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines after it keep their numbers."""
    monkeypatch.setattr("generator.sessions.pi.LONGEST_LINE", 500)
    log = pi_log(tmp_path / "session.jsonl", said(1, "user", "x" * 5000), said(2, "user", "y"))
    found = summary(log)
    assert found is not None and found.broken == (2,)
    assert [m.line for m in timeline(log)] == [1, 2, 3]


@pytest.mark.slow
def test_a_log_of_100_megabytes_takes_little_memory(tmp_path: Path) -> None:
    """Reading it takes the memory of a few lines, not of the file."""
    path, row = tmp_path / "session.jsonl", json.dumps(result(1, "t", "bash", "x" * 100_000))
    with pi_log(path).open("a") as file:
        file.writelines(f"{row}\n" for _ in range(1000))
    assert path.stat().st_size > 100_000_000
    tracemalloc.start()
    found, moments = summary(path), timeline(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is not None and found.entries == 1001 and len(moments) == 1000
    assert peak < 15_000_000
