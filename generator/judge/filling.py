"""Fill the placeholders of a judge's text, and find in it what has no source.

A placeholder is two braces around a name of the table of facts: `{{passing}}`, `{{a.verdict}}`.
Any other number must stand in an item of evidence that the same paragraph quotes. Values are put in
once and never read again, so that nothing inside one is a placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.data import Fact, Paragraph, Span, TextReply, ToldParagraph, ToldQuote
from generator.judge.numbers import counted, made_up
from generator.judge.quotes import item, stands_in
from generator.judge.subjects import Contestant, Subject

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}|\{\{.*\Z", re.DOTALL)
CONTESTANT = re.compile(r"\b[Cc]ontestant ([A-Z]{1,2})\b")
OWN = "a number of the judge's own, in no evidence that it quotes here"
UNKNOWN = "names no fact"

Facts = dict[str, Fact]


def filled(reply: TextReply, subject: Subject, facts: Facts) -> tuple[ToldParagraph, ...]:
    """The paragraphs of a reply with their numbers, every quote checked."""
    return tuple(filled_paragraph(paragraph, subject, facts) for paragraph in reply.paragraphs)


def filled_paragraph(paragraph: Paragraph, subject: Subject, facts: Facts) -> ToldParagraph:
    """One paragraph. A number in it has a source if it stands in an item that it quotes rightly."""
    known = {c.token: c for c in subject.contestants}
    quotes, lines = [], []
    for quote in paragraph.quotes:
        token, _, number = quote.where.rpartition(".")
        contestant = known.get(token) or known.get(token.lower())
        line = item(contestant.items, number.upper()) if contestant else ""
        if contestant and stands_in(quote.text, line):
            lines.append(line)
            quotes.append(found_in(contestant, int(number[1:]), quote.text))
        else:
            quotes.append(ToldQuote(text=quote.text[:400], where=quote.where[:200], found=False))
    return ToldParagraph(
        topic=paragraph.topic,
        spans=tuple(spans(paragraph.text, facts, "\n".join(lines))),
        quotes=tuple(quotes),
    )


def found_in(contestant: Contestant, number: int, text: str) -> ToldQuote:
    """A quote that stands in an evidence item: number 0 is the verdict, the others are checks."""
    check = list(contestant.evidence.checks)[number - 1] if number else ""
    return ToldQuote(
        text=text[:400],
        where=f"{contestant.name}, {check or 'verdict'}",
        found=True,
        run=contestant.run.key,
        check=check if check in contestant.challenge.checks else "",
    )


def spans(text: str, facts: Facts, quoted: str) -> Iterator[Span]:
    """A text in pieces: plain, filled in, or marked as having no source.

    quoted: the evidence in which a number that is no placeholder must stand.
    """
    text = CONTESTANT.sub(lambda match: named(match, facts), text)
    end = 0
    for match in PLACEHOLDER.finditer(text):
        yield from plain(text[end : match.start()], quoted)
        name = (match[1] or "").strip()
        fact = facts.get(name) or facts.get(name.lower())
        if fact:
            yield Span(text=fact.value, kind="fact", says=f"{fact.name}: {fact.says}")
        else:
            yield Span(text=match[0], kind="unknown", says=UNKNOWN)
        end = match.end()
    yield from plain(text[end:], quoted)


def named(match: re.Match[str], facts: Facts) -> str:
    """`contestant A` as the placeholder that it should have been."""
    name = f"{match[1].lower()}.name"
    return f"{{{{{name}}}}}" if name in facts else match[0]


def plain(text: str, quoted: str) -> Iterator[Span]:
    """A text without placeholders: its own numbers apart from the rest."""
    found = sorted([*made_up(text, quoted), *counted(text, quoted)], key=lambda m: m.start())
    end = 0
    for match in found:
        if match.start() > end:
            yield Span(text=text[end : match.start()])
        yield Span(text=match[0], kind="own", says=OWN)
        end = match.end()
    if end < len(text):
        yield Span(text=text[end:])


def faults(paragraphs: tuple[ToldParagraph, ...]) -> tuple[str, ...]:
    """What has no source, with its field: `paragraphs.0.text: 42 is ...`."""
    return tuple(
        f"paragraphs.{number}.text: {span.text} ({span.says})"
        for number, paragraph in enumerate(paragraphs)
        for span in paragraph.spans
        if span.kind in {"own", "unknown"}
    )
