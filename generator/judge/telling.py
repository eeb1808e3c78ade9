"""From a record of a judge's text to what pages show of it."""

from __future__ import annotations

from generator.data import Exchange, JudgedText, Record, Status, TextReply, Told
from generator.judge.facts import basis, facts
from generator.judge.filling import faults, filled
from generator.judge.reply import parse
from generator.judge.subjects import Subject


def told(record: JudgedText, subject: Subject | None) -> Told:
    """The text with the numbers of today's records, or the reason why there is none.

    subject: as it is now; None where nothing of it has evidence any more.
    """
    exchange = record.exchanges.get("text")
    why = reason(record, subject, exchange)
    made = Told(
        kind=record.kind,
        judge=record.judge,
        subject=record.subject,
        model=exchange.returned_model if exchange else "",
        date=exchange.made_at[:10] if exchange else "",
        why=why,
    )
    if why or subject is None or exchange is None:
        return made
    paragraphs = filled(parse(exchange.reply, TextReply), subject, facts(subject))
    named = {c.blind: c.name for c in subject.contestants if subject.kind == "analysis"}
    return made.model_copy(
        update={"contestants": named, "paragraphs": paragraphs, "faults": faults(paragraphs)}
    )


def reason(record: JudgedText, subject: Subject | None, exchange: Exchange | None) -> str:
    """Why a record has no text to show; empty if it has one."""
    if exchange is None or exchange.status is not Status.OK:
        return f"not written: {exchange.status} ({exchange.why})" if exchange else "not asked"
    if subject is None or record.basis != basis(subject):
        return "stale: outputs, verdicts or letters changed since it was written"
    return ""


def objection(reply: Record, subject: Subject) -> str:
    """What a judge is asked once to mend in its text; empty if nothing."""
    if not isinstance(reply, TextReply):
        return ""
    return "; ".join(faults(filled(reply, subject, facts(subject))))
