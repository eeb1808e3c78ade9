"""Logs made up for these tests, in the shape of the formats' own documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generator.data import Artifact, Run

Json = dict[str, Any]
STAMP = "2026-01-02T03:04:{:02d}.000Z"


def line(kind: str, second: int, **more: Any) -> Json:
    """One entry of a pi log."""
    return {"type": kind, "id": f"{second:08x}", "timestamp": STAMP.format(second), **more}


def said(second: int, role: str, content: Any, **more: Any) -> Json:
    """A message of a pi log."""
    return line("message", second, message={"role": role, "content": content, **more})


def call(identity: str, name: str, **arguments: Any) -> Json:
    """A tool call inside an answer."""
    return {"type": "toolCall", "id": identity, "name": name, "arguments": arguments}


def answer(second: int, *parts: Json, model: str = "made-up-1", **more: Any) -> Json:
    """An answer that used 10 tokens in, 5 out, 3 and 2 of the cache, and 0.25 dollars."""
    usage = {"input": 10, "output": 5, "cacheRead": 3, "cacheWrite": 2, "cost": {"total": 0.25}}
    given = {"provider": "nowhere", "model": model, "usage": usage, "stopReason": "stop"} | more
    return said(second, "assistant", list(parts), **given)


def result(second: int, identity: str, name: str, text: str, failed: bool = False) -> Json:
    """What a tool answered."""
    content = [{"type": "text", "text": text}]
    more = {"toolCallId": identity, "toolName": name, "isError": failed}
    return said(second, "toolResult", content, **more)


def pi_log(path: Path, *lines: Json | str) -> Path:
    """Write a log; a string goes in as it is."""
    header = line("session", 0, version=3, cwd="/nowhere")
    rows = [item if isinstance(item, str) else json.dumps(item) for item in (header, *lines)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def run_of(folder: Path, **files: str) -> Run:
    """A run with these files; `__` in a name stands for a dot."""
    artifacts = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text.encode())
        artifacts.append(Artifact(path=path.name, sha256="0" * 64, bytes=len(text)))
    return Run(model="m", challenge="c", folder=folder, artifacts=tuple(artifacts))
