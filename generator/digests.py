"""What a record was made from: digests of a run's files, of its challenge and of the verifier."""

from __future__ import annotations

import hashlib
from pathlib import Path

from generator.data import Corpus, Digests, Run
from generator.kernel_tests import digest, digest_of

HERE = Path(__file__).resolve().parent
NOT_CODE = {"PROMPT.md", "README.md", "session.jsonl", "sesion.jsonl"}
SMALLEST_COPY = 200


def copies_in(corpus: Corpus) -> dict[str, dict[str, str]]:
    """For every run: its code files that are byte-identical to a file of another model."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for run in corpus.runs.values():
        for artifact in run.artifacts:
            if artifact.path not in NOT_CODE and artifact.bytes > SMALLEST_COPY:
                owners.setdefault(artifact.sha256, []).append((run.key, artifact.path))
    found: dict[str, dict[str, str]] = {key: {} for key in corpus.runs}
    for places in owners.values():
        for key, path in places:
            other = [f"{k}/{p}" for k, p in places if k.partition("/")[0] != key.partition("/")[0]]
            if other:
                found[key][path] = other[0]
    return found


def current_digests(run: Run, root: Path, sources: tuple[str, ...]) -> Digests:
    """The digests that a record of this run must carry to be current."""
    listing = "\n".join(f"{a.sha256} {a.path}" for a in run.artifacts)
    return Digests(
        artifacts=sha(listing),
        challenge=digest(root / "challenges" / run.challenge),
        verifier=verifier_digest(sources),
    )


def verifier_digest(sources: tuple[str, ...]) -> str:
    """One digest over the parts of the generator that decide a verdict of this runtime."""
    files = [
        file
        for source in sources
        for file in (
            [HERE / source] if source.endswith(".py") else sorted((HERE / source).rglob("*.py"))
        )
    ]
    return digest_of(files, HERE)


def sha(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
