"""A plain harness for any OpenAI-compatible model: one question, one answer, no tools.

What is stored is what was said: the prompt, the raw reply, the files in its fenced blocks word for
word, and a session log in pi's format that says who answered, when, and with how many tokens.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlsplit

from generator.completion import choice, content, tokens, utf8
from generator.discover import choose, load_challenges
from generator.files import whole, write
from generator.making import blocks
from generator.making.deploy import checked, describe, lay_out, refuse_existing
from generator.making.pilog import PiLog
from generator.yamlfile import BadFile, read_text

ASKED = (
    "\nAnswer with complete files, each in a fenced code block whose first line is a comment with "
    "the file's name.\n"
)
STOPS = {"stop": "stop", "length": "length", "tool_calls": "toolUse"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Server:
    """Where a model answers, what the server calls it, and which variable holds a key, if any."""

    base_url: str
    model: str
    provider: str = ""
    key_variable: str = ""
    max_tokens: int | None = None
    effort: str = ""
    timeout: float = 1800

    @property
    def host(self) -> str:
        """The provider as logged: as given, or the server's name, or `local`."""
        name = urlsplit(self.base_url).hostname or ""
        return self.provider or ("local" if name in LOOPBACK else name)


@dataclass(frozen=True)
class Answer:
    """What came back, and when. reasoning: as far as the server shows it."""

    text: str
    reasoning: str
    model: str
    stop: str
    usage: dict[str, int]
    asked: datetime
    answered: datetime


def run(root: Path, name: str, server: Server, slugs: list[str], title: str = "") -> list[Path]:
    """Ask for each challenge and store what came back; the folders. Raises BadFile.

    Nothing is overwritten. A folder is written when its answer is there, never before.
    """
    chosen = choose(load_challenges(root / "challenges"), slugs)
    folders = [root / checked(name) / slug for slug in chosen]
    refuse_existing(folders)
    for folder in folders:
        challenge = root / "challenges" / folder.name
        prompt = read_text(challenge / "PROMPT.md") + ASKED
        answer = ask(server, prompt)
        with whole(folder) as made:  # half an answer would be judged as all of it
            keep(made, challenge, answer, session(server, prompt, answer))
        described = {"name": title or name, "provider": server.host, "note": note(server)}
        describe(folder.parent, described)
    return folders


def ask(server: Server, prompt: str) -> Answer:
    """One request; raises BadFile with the library's own words where it fails."""
    import openai

    key = os.environ.get(server.key_variable, "") if server.key_variable else ""
    if server.key_variable and not key:
        raise BadFile(f"no key: set {server.key_variable}")
    client = openai.OpenAI(base_url=server.base_url, api_key=key or "none", timeout=server.timeout)
    more: dict[str, Any] = {"max_tokens": server.max_tokens} if server.max_tokens else {}
    more |= {"reasoning_effort": server.effort} if server.effort else {}
    asked = datetime.now(UTC)
    try:
        made = client.chat.completions.create(
            model=server.model, messages=[{"role": "user", "content": prompt}], **more
        )
    except (openai.OpenAIError, ValueError) as error:  # ValueError: what came back is no JSON
        raise BadFile(f"{server.base_url}: {type(error).__name__}: {str(error)[:300]}") from error
    return answered(made, server, asked)


def answered(made: Any, server: Server, asked: datetime) -> Answer:
    """What a completion holds; raises BadFile where it is none."""
    found, usage = choice(made), getattr(made, "usage", None)
    if found is None:
        raise BadFile(f"{server.base_url}: sent no choices (not a chat completion?)")
    cached = tokens(getattr(usage, "prompt_tokens_details", None), "cached_tokens")
    return Answer(
        text=content(found.message),
        reasoning=utf8(str(getattr(found.message, "reasoning_content", None) or "")),
        model=served_name(utf8(str(getattr(made, "model", "") or server.model))),
        stop=STOPS.get(str(found.finish_reason), "error"),
        usage={
            "input": max(tokens(usage, "prompt_tokens") - cached, 0),
            "output": tokens(usage, "completion_tokens"),
            "cacheRead": cached,
            "cacheWrite": 0,
        },
        asked=asked,
        answered=datetime.now(UTC),
    )


def served_name(name: str) -> str:
    """The name that a server gives its model; of a path on its machine, the last part."""
    return PurePath(name).name if name.startswith("/") else name


def keep(folder: Path, challenge: Path, answer: Answer, log: str) -> None:
    """Store prompt, log, raw reply, and the files in it. challenge: its folder."""
    lay_out(challenge, folder)
    write(folder / "session.jsonl", log)
    if answer.text:
        write(folder / "reply.md", answer.text)
    for path, code in blocks.files(answer.text, challenge.name).items():
        write(folder / path, code)


def session(server: Server, prompt: str, answer: Answer) -> str:
    """The log of one question and one answer. No cost is logged, since no price is known here."""
    log, provider = PiLog(), server.host
    log.begin(answer.asked)
    log.add("model_change", answer.asked, provider=provider, modelId=server.model)
    if server.effort:
        log.add("thinking_level_change", answer.asked, thinkingLevel=server.effort)
    log.message(answer.asked, role="user", content=[{"type": "text", "text": prompt}])
    parts = [{"type": "thinking", "thinking": answer.reasoning}] if answer.reasoning else []
    log.message(
        answer.answered,
        role="assistant",
        content=[*parts, {"type": "text", "text": answer.text}],
        api="openai-completions",
        provider=provider,
        model=answer.model,
        usage=answer.usage | {"totalTokens": sum(answer.usage.values())},
        stopReason=answer.stop,
    )
    return log.text()


def note(server: Server) -> str:
    """How the files of a model's folder came to be."""
    return (
        f"Answers of {server.model} to `python -m generator run`: one question a challenge, "
        "one answer, no tools. Files are the fenced blocks of the reply, word for word."
    )
