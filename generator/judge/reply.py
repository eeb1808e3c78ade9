"""A judge's reply as a record, and the request to send it again in the required form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from generator.data import Exchange, Record, Status
from generator.yamlfile import first_error

R = TypeVar("R", bound=Record)
LONGEST_REPEATED = 20_000

# What is to be mended in a reply that has the right form; empty for nothing.
Objection = Callable[[Record], str]


def no_objection(_: Record) -> str:
    """The objection to replies of which only the form matters."""
    return ""


def parse(text: str, kind: type[R]) -> R:
    """The reply as a record, with or without a code fence around it.

    Raises ValueError, with one line on what is wrong.
    """
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    try:
        return kind.model_validate_json(bare)
    except ValidationError as error:
        raise ValueError(first_error(error)) from error


def read_again(exchange: Exchange, kind: type[Record]) -> Exchange:
    """The exchange; unparsable where it ended well, but with a reply that is not of this form.

    A later version may ask for another form, and a hand may have changed a record.
    """
    if exchange.status is not Status.OK:
        return exchange
    try:
        parse(exchange.reply, kind)
    except ValueError as error:
        return exchange.model_copy(update={"status": Status.UNPARSABLE, "why": str(error)})
    return exchange


def repair(reply: str, why: str) -> list[dict[str, str]]:
    """The two messages that ask once for the same answer in the required form."""
    request = f"That reply is not valid: {why}. Send the same judgement again as valid JSON alone."
    return [
        {"role": "assistant", "content": reply[:LONGEST_REPEATED]},
        {"role": "user", "content": request},
    ]
