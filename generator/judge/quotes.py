"""Check a judge's quotes: each must stand where the judge says it does."""

from __future__ import annotations

import re

from generator.data import Quote, QuotedReason, Run

PLACE = re.compile(r"^(?P<file>.+?):(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?$")
ITEM = re.compile(r"^E\d{2}$")
NEARBY = 2


def checked(
    quote: QuotedReason, run: Run, evidence_items: str, files: dict[str, list[str]]
) -> Quote:
    """The quote, with whether its text stands at its place (a line or two off is forgiven)."""
    found = stands(quote, run, evidence_items, files)
    return Quote(where=quote.where[:200], text=quote.text[:400], found=found)


def stands(quote: QuotedReason, run: Run, evidence_items: str, files: dict[str, list[str]]) -> bool:
    """Whether the quoted words are there."""
    if ITEM.match(quote.where):
        return stands_in(quote.text, item(evidence_items, quote.where))
    place = PLACE.match(quote.where)
    if not place or place["file"] not in {artifact.path for artifact in run.artifacts}:
        return False
    lines = files.get(place["file"], [])
    first, last = int(place["first"]), int(place["last"] or place["first"])
    return stands_in(quote.text, "\n".join(lines[max(0, first - 1 - NEARBY) : last + NEARBY]))


def item(evidence_items: str, name: str) -> str:
    """The line of an evidence item (`E03`); empty if there is none of that name."""
    start = f"{name} " if ITEM.match(name) else "\n"
    return next((line for line in evidence_items.splitlines() if line.startswith(start)), "")


def stands_in(words: str, text: str) -> bool:
    """Whether some words stand in a text, whatever the white space; no words stand nowhere."""
    wanted = squeezed(words)
    return bool(wanted) and wanted in squeezed(text)


def squeezed(text: str) -> str:
    """The text without white space and without the line numbers that a judge was shown."""
    bare = re.sub(r"(?m)^[ \t]*\d+\| ?", "", text)
    return re.sub(r"\s+", "", bare)
