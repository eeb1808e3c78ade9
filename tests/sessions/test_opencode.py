"""Logs of opencode: an export, one that is cut off, and the storage folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generator.sessions import entries, log_of, summary
from tests.sessions.logs import run_of

TOKENS = {"input": 7, "output": 4, "reasoning": 2, "cache": {"read": 100, "write": 1}}
TIME = {"created": 1_700_000_000_000, "completed": 1_700_000_060_000}


def tool(status: str, **state: Any) -> dict[str, Any]:
    """A tool part in one of its states."""
    return {
        "type": "tool",
        "tool": "write",
        "callID": f"c-{status}",
        "state": {"status": status, "input": {"filePath": "/w/a.py", "content": "}]{["}, **state},
    }


def messages() -> list[dict[str, Any]]:
    """A question and two answers; the second keeps its tokens by step."""
    user = {"role": "user", "time": TIME, "model": {"providerID": "p", "modelID": "m"}}
    one = {"role": "assistant", "modelID": "m", "providerID": "p", "time": TIME, "tokens": TOKENS}
    steps = [{"type": "step-finish", "tokens": TOKENS, "cost": 0.1}] * 2
    parts = [tool("completed", output="ok"), tool("error", error="no"), tool("running")]
    said = {"type": "text", "text": 'a "quoted" \\ text'}
    return [
        {"info": {"id": "msg_1", "variant": "max", **user}, "parts": [said]},
        {"info": {"id": "msg_2", **one, "cost": 0.5}, "parts": parts},
        {"info": {"id": "msg_3", **one, "modelID": "n"}, "parts": [said, *steps]},
    ]


def export(path: Path, before: str = "") -> Path:
    """What `opencode export` prints; `before` is what it once printed ahead of it."""
    text = json.dumps({"info": {"id": "ses_1", "messages": []}, "messages": messages()}, indent=2)
    path.write_text(before + text, encoding="utf-8")
    return path


def test_counts_of_an_export(tmp_path: Path) -> None:
    """Reasoning counts as output; tokens by step are summed; a call in progress has no result."""
    found = summary(export(tmp_path / "session.json"))
    assert found is not None
    assert (found.format, found.turns, found.errors) == ("opencode", 2, 1)
    assert found.models == ("p/m", "p/n") and found.thinking == ("max",)
    assert found.calls == {"write": 3}
    assert (found.tokens.input, found.tokens.output, found.tokens.cache_read) == (21, 18, 300)
    assert (found.cost, found.seconds) == (0.7, 60.0)
    results = [e for e in entries(tmp_path / "session.json") if e.kind == "result"]
    assert [e.id for e in results] == ["c-completed", "c-error"]


def test_a_status_line_before_the_document_is_passed_over(tmp_path: Path) -> None:
    """Versions before 1.2 printed one on the same stream (anomalyco/opencode issue 12130)."""
    path = export(tmp_path / "session.json", "Exporting session: ses_1")
    found = summary(path)
    assert found is not None and found.turns == 2


def test_a_cut_off_export_keeps_its_whole_messages(tmp_path: Path) -> None:
    """What ends half-way is one broken entry, the rest counts (issue 14948)."""
    path = export(tmp_path / "session.json")
    whole = path.read_text()
    path.write_text(whole[: whole.index("msg_3") + 40])
    found = summary(path)
    assert found is not None and found.turns == 1 and found.broken == (3,)


def test_the_storage_folder_gives_the_same_counts(tmp_path: Path) -> None:
    """One file a message and a part, in order of their ids."""
    folder = tmp_path / "session"
    for item in messages():
        info = item["info"]
        path = folder / "message" / "ses_1" / f"{info['id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(info))
        for number, part in enumerate(item["parts"]):
            file = folder / "part" / info["id"] / f"prt_{number}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(part))
    (folder / "message" / "ses_1" / "msg_0.json").write_text("{")
    stored, exported = summary(folder), summary(export(tmp_path / "x.json"))
    assert stored is not None and exported is not None
    assert stored.broken == (1,)
    assert stored.model_dump(exclude={"file", "broken", "entries"}) == exported.model_dump(
        exclude={"file", "broken", "entries"}
    )
    assert log_of(run_of(tmp_path)) == folder
