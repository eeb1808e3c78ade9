"""What a server of chat.completions sent, read with care: not every server keeps to the form."""

from __future__ import annotations

from typing import Any

MOST_TOKENS = 10**12


def choice(completion: object) -> Any:
    """The first choice, which has a message; None where there is none."""
    choices = getattr(completion, "choices", None)
    first = choices[0] if isinstance(choices, list) and choices else None
    return None if getattr(first, "message", None) is None else first


def content(message: Any) -> str:
    """The text of a message, which some servers send in parts; empty where there is none."""
    sent = message.content
    parts = sent if isinstance(sent, list) else [sent]
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return utf8("".join(text for text in texts if isinstance(text, str)))


def tokens(usage: object, name: str) -> int:
    """How many tokens of a kind the server says were used; 0 for what is no such number."""
    said = getattr(usage, name, None)
    return int(said) if isinstance(said, (int, float)) and 0 <= said <= MOST_TOKENS else 0


def utf8(text: str) -> str:
    """The text as a file can hold it: JSON may escape half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")
