"""A judge's text as pages show it: its numbers filled in from records, what is its own marked."""

from __future__ import annotations

from typing import Literal

from generator.data.base import Record


class Fact(Record):
    """One entry of the table that a text's placeholders name, such as `a.checks_passed`.

    fixed: whether a text's words rest on it, so that the text is stale when it changes.
    """

    name: str
    value: str
    says: str
    fixed: bool = False


class Span(Record):
    """A piece of a text. fact: filled in; `says` then tells from what.

    own: a number that is neither a placeholder nor in an evidence item quoted beside it.
    unknown: a placeholder that names no fact, shown as it was written.
    """

    text: str
    kind: Literal["plain", "fact", "own", "unknown"] = "plain"
    says: str = ""


class ToldQuote(Record):
    """A quote of an evidence item. Where it was found, `run` and `check` lead to it.

    where: in words. run: `model/challenge`; check: empty for the verdict as a whole.
    """

    text: str
    where: str
    found: bool
    run: str = ""
    check: str = ""


class ToldParagraph(Record):
    """One paragraph, filled, with its quotes checked."""

    topic: str
    spans: tuple[Span, ...]
    quotes: tuple[ToldQuote, ...] = ()

    @property
    def sourced(self) -> bool:
        """Whether every number and placeholder in it has a source."""
        return all(span.kind in {"plain", "fact"} for span in self.spans)


class Told(Record):
    """A judge's analysis of a challenge or profile of a model.

    why: the reason where there are no paragraphs. contestants: who is behind the names that the
    judge was shown. faults: numbers and placeholders without a source, which fail a build.
    """

    kind: Literal["analysis", "profile"]
    judge: str
    subject: str
    model: str = ""
    date: str = ""
    why: str = ""
    contestants: dict[str, str] = {}
    paragraphs: tuple[ToldParagraph, ...] = ()
    faults: tuple[str, ...] = ()
