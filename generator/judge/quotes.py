"""Check a judge's quotes: each must stand where the judge says it does."""

from __future__ import annotations

import re

from generator.data import Quote, QuotedReason, Run

PLACE = re.compile(r"^(?P<file>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?$")
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
    wanted = squeezed(quote.text)
    if not wanted:
        return False
    if ITEM.match(quote.where):
        items = [line for line in evidence_items.splitlines() if line.startswith(quote.where + " ")]
        return any(wanted in squeezed(line) for line in items)
    place = PLACE.match(quote.where)
    if not place or place["file"] not in {artifact.path for artifact in run.artifacts}:
        return False
    lines = files.get(place["file"], [])
    first, last = int(place["first"]), int(place["last"] or place["first"])
    return wanted in squeezed("\n".join(lines[max(0, first - 1 - NEARBY) : last + NEARBY]))


def squeezed(text: str) -> str:
    """The text without white space and without the line numbers that a judge was shown."""
    bare = re.sub(r"(?m)^\s*\d+\| ?", "", text)
    return re.sub(r"\s+", "", bare)
