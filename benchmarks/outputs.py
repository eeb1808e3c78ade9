"""The runs of a synthetic corpus: what a challenge ships, right and wrong, as models' outputs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.data import Challenge
from generator.files import write
from generator.kernel_tests import load
from generator.trial import failed_checks, mutants

PASSING = 0.6
LOGGED, EMPTY = 4, 29  # every fourth run keeps a session log; every 29th holds a prompt alone


@dataclass(frozen=True)
class Variant:
    """A source that answers a challenge, right or wrong as `passes` says."""

    name: str
    source: str
    passes: bool


def variants(
    challenge: Challenge, project: Path, few: Callable[[Sequence[Any]], list[Any]], seed: int
) -> list[Variant]:
    """Every honest variant, and the mutants that the few cases of this seed are enough to reject.

    Runs our own sources in this process. Raises BadFile for a malformed mutant.
    """
    tests, folder = load(challenge, project), project / "challenges" / challenge.slug
    cases, roles = few(tests.cases(seed)), list(challenge.entry)
    found = [
        Variant(file.stem, file.read_text(encoding="utf-8"), passes=True)
        for file in sorted(folder.glob("honest/*.py"))
    ]
    for mutant, source in mutants(folder):
        decides = challenge.groups[challenge.checks[mutant.check].group].decides
        if decides and failed_checks(tests, cases, roles, source, only=mutant.check):
            found.append(Variant(mutant.name, source, passes=False))
    return found


def output(root: Path, key: str, number: int, made_of: list[Variant]) -> bool:
    """Write a corpus' run number so-and-so below root/<key>; whether it must pass.

    The same arguments give the same bytes.
    """
    folder, draw = root / key, random.Random(key)  # noqa: S311 - drawn to vary, not to keep secret
    passes = draw.random() < PASSING
    chosen = draw.choice([variant for variant in made_of if variant.passes is passes])
    write(folder / "PROMPT.md", "# Task\n\nThe one that challenges/ has under this name.\n")
    if number % EMPTY == EMPTY - 1:
        return False
    # A first line of its own, since the same bytes in two models' runs are shown as a copy.
    source = f"# {key}: {chosen.name}\n{chosen.source}"
    write(folder / "kernel.py", source)
    write(folder / "README.md", f"# {key}\n\nWritten for a benchmark: {chosen.name}.\n")
    if number % LOGGED == 0:
        write(folder / "session.jsonl", log(source))
    return passes


def log(source: str) -> str:
    """A session log in the format of pi: a question, and the call that wrote the file."""
    call = {
        "type": "toolCall",
        "id": "c1",
        "name": "write",
        "arguments": {"path": "kernel.py", "content": source},
    }
    lines = [
        {"type": "session", "version": 3, "cwd": "/work"},
        said("user", text("Write the kernel.")),
        said("assistant", text("It follows."), call, provider="none", model="none", usage=USAGE),
        said("toolResult", text("written"), toolCallId="c1", toolName="write", isError=False),
    ]
    stamped = [
        {"id": f"{n:08x}", "timestamp": f"2026-01-02T03:04:{n:02}.000Z", **line}
        for n, line in enumerate(lines)
    ]
    return "".join(json.dumps(line) + "\n" for line in stamped)


USAGE = {"input": 900, "output": 400, "cacheRead": 0, "cacheWrite": 0, "cost": {"total": 0.01}}


def text(words: str) -> dict[str, Any]:
    """A part of a message that is plain text."""
    return {"type": "text", "text": words}


def said(role: str, *content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One message of a log."""
    return {"type": "message", "message": {"role": role, "content": list(content), **more}}
