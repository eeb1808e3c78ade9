"""What the reply of a language model as judge must look like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from generator.data.base import Record
from generator.data.opinion import Dimension, Letter, Margin


class QuotedReason(Record):
    """A quote from a file (`file:line` or `file:from-to`) or an evidence item (`E01`)."""

    where: str
    text: str


class DimensionReply(Record):
    """One dimension of a reply."""

    dimension: Dimension
    reasons: str
    quotes: tuple[QuotedReason, ...] = ()
    letter: Letter


class GradeReply(Record):
    """The reply to a request for a grade."""

    dimensions: Annotated[tuple[DimensionReply, ...], Field(min_length=7, max_length=7)]
    summary: str


class DuelReply(Record):
    """The reply to a request for a comparison; `first` and `second` as they were shown."""

    reasons: str
    quotes: tuple[QuotedReason, ...] = ()
    winner: Literal["first", "second", "tie"]
    margin: Margin


class Paragraph(Record):
    """A short paragraph, its numbers as placeholders; quotes: `a.E03` and words of that item."""

    topic: Literal["result", "differences", "strengths", "weaknesses", "caveats"]
    text: Annotated[str, Field(min_length=1, max_length=1200)]
    quotes: Annotated[tuple[QuotedReason, ...], Field(max_length=6)] = ()


class TextReply(Record):
    """The reply to a request for an analysis or a profile."""

    paragraphs: Annotated[tuple[Paragraph, ...], Field(min_length=1, max_length=6)]
