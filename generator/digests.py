"""What a record was made from: digests of a run's files, of the verifier, of any JSON value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generator.cache import sha256
from generator.data import Corpus, Run
from generator.kernel_tests import FileDigest, digest_of

HERE = Path(__file__).resolve().parent
NOT_CODE = {"PROMPT.md", "README.md", "reply.md", "session.jsonl", "sesion.jsonl"}
SMALLEST_COPY = 200
DECIDE = ("credible.py", "deciding.py", "joining.py", "variants.py")  # in every runtime


def copies_in(corpus: Corpus) -> dict[str, dict[str, str]]:
    """For every run: its code files that are byte-identical to a file of another model."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for run in corpus.runs.values():
        for artifact in run.artifacts:
            if artifact.path not in NOT_CODE and artifact.bytes > SMALLEST_COPY:
                owners.setdefault(artifact.sha256, []).append((run.key, artifact.path))
    found: dict[str, dict[str, str]] = {key: {} for key in corpus.runs}
    for places in owners.values():
        first = places[0]
        other = next((place for place in places if model(place) != model(first)), None)
        if other:
            for place in places:
                twin = other if model(place) == model(first) else first
                found[place[0]][place[1]] = "/".join(twin)
    return found


def model(place: tuple[str, str]) -> str:
    """The model of a run's file."""
    return place[0].partition("/")[0]


def artifacts_digest(run: Run) -> str:
    """One digest over the paths and contents of a run's files."""
    return sha256("\n".join(f"{a.sha256} {a.path}" for a in run.artifacts).encode())


def verifier_digest(sources: tuple[str, ...], of_file: FileDigest) -> str:
    """One digest over the parts of the generator that decide a verdict of this runtime.

    sources: those of the runtime's own, beside the parts that decide in every one.
    """
    files = [
        file
        for source in (*sources, *DECIDE)
        for file in (
            [HERE / source] if source.endswith(".py") else sorted((HERE / source).rglob("*.py"))
        )
    ]
    return digest_of(files, HERE, of_file)


def json_digest(value: Any) -> str:
    """The digest of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode())
