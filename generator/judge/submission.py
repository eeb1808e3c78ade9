"""What a judge is shown of a run: its files with line numbers, blinded, redacted, and delimited."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from generator.data import Artifact, Corpus, Run
from generator.lognames import is_log
from generator.redact import redact

SHOWN = (".py", ".cu", ".cuh", ".cpp", ".h", ".md", ".txt", ".json", ".yaml", ".yml")
NOT_SHOWN = {"PROMPT.md"}
CHARACTERS_PER_TOKEN = 2.5
INJECTIONS = re.compile(
    r"(?i)(ignore|disregard|forget)\b.{0,40}\b(instructions?|above|previous|rubric)"
    r"|\b(give|award|assign|grade)\b.{0,30}\b(this|it|me|us)?\b.{0,12}\b(an? )?A\+?\b(?! few)"
    r"|\byou are (now )?(an?|the) (judge|grader|evaluator|assistant)"
    r"|</?(system|assistant|submission|evidence)\b|as an ai (language )?model"
)


@dataclass(frozen=True)
class Submission:
    """The text to show, and what was noticed while making it.

    injections: `file:line: text` of phrases that address a judge. redacted: secrets taken out.
    """

    text: str
    injections: tuple[str, ...]
    redacted: int


def submission(run: Run, corpus: Corpus, tokens: int) -> Submission:
    """What a judge is shown of a run's files: all of them, or as much as about `tokens` hold."""
    longest = int(tokens * CHARACTERS_PER_TOKEN)
    parts: list[str] = []
    injections: list[str] = []
    redacted = room = 0
    for artifact in sorted(run.artifacts, key=reading_order):
        if artifact.path in NOT_SHOWN or is_log(artifact.path) or not shown(artifact):
            continue
        text, found = redact(readable(run, artifact))
        text = blinded(text, corpus)
        injections += suspicious(artifact.path, text)
        redacted += sum(found.values())
        body = numbered(text)
        if room + len(body) > longest:
            body = body[: longest - room] + "\n(the rest is not shown, for length)"
        room += len(body)
        parts.append(f"FILE {artifact.path}\n{body}")
    return Submission("\n\n".join(parts), tuple(injections), redacted)


def shown(artifact: Artifact) -> bool:
    """Whether a file is of a kind that a judge reads."""
    return artifact.path.endswith(SHOWN)


def reading_order(artifact: Artifact) -> tuple[bool, bool, str]:
    """Code before prose, tests after what they test."""
    return artifact.path.endswith((".md", ".txt")), "test" in artifact.path, artifact.path


def readable(run: Run, artifact: Artifact) -> str:
    """A file as text, undecodable bytes replaced."""
    return (run.folder / artifact.path).read_text(encoding="utf-8", errors="replace")


def numbered(text: str) -> str:
    """The text with line numbers, by which a judge quotes."""
    return "\n".join(f"{number}| {line}" for number, line in enumerate(text.splitlines(), 1))


def blinded(text: str, corpus: Corpus) -> str:
    """The text without the names of the models, so that no judge knows whose work it reads."""
    names = {
        name for m in corpus.models.values() for name in (m.slug, m.name, m.family) if len(name) > 2
    }
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(
            rf"(?i)(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "the contestant", text
        )
    return text


def suspicious(path: str, text: str) -> list[str]:
    """Lines that speak to a judge rather than to a reader of code."""
    return [
        f"{path}:{number}: {line.strip()[:160]}"
        for number, line in enumerate(text.splitlines(), 1)
        if INJECTIONS.search(line)
    ]


def delimited(name: str, text: str) -> str:
    """The text between markers that it cannot contain: they are a digest of the text itself."""
    token = hashlib.sha256(text.encode()).hexdigest()[:24]
    return f"[[{name} {token}]]\n{text}\n[[end of {name} {token}]]"
