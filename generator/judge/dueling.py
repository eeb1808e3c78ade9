"""From two exchanges in opposite orders to a duel; a judge that follows the order makes a tie."""

from __future__ import annotations

from generator.data import Duel, DuelReply, Exchange, JudgedDuel, Margin, Status, Verdict
from generator.judge.numbers import asked, marked
from generator.judge.reply import parse

ORDER = ("tie", "narrow", "moderate", "decisive")


def duel_from(judged: JudgedDuel, verdicts: dict[str, Verdict]) -> Duel | None:
    """The duel that both orders amount to, or None where either has no usable reply.

    Agreement gives the winner with the smaller of the two margins; disagreement is a tie that is
    marked order-dependent. Decisive needs the tests on its side: a winner whose verdict is not
    passed, or a loser whose verdict is, makes it moderate at most.
    """
    forward, backward = (answer(judged.exchanges.get(part)) for part in ("forward", "backward"))
    if forward is None or backward is None:
        return None
    reasons = marked(forward.reasons, asked(judged.exchanges.values()))
    one = named(forward, judged.a, judged.b)
    other = named(backward, judged.b, judged.a)
    if one != other:
        return made(judged, None, "tie", "order-dependent: the winner changed with the order shown")
    if one is None:
        return made(judged, None, "tie", reasons)
    margin = min(forward.margin, backward.margin, key=ORDER.index)
    loser = judged.b if one == judged.a else judged.a
    backed = verdicts.get(one) is Verdict.PASSED and verdicts.get(loser) is not Verdict.PASSED
    if margin == "decisive" and not backed:
        margin = "moderate"
    return made(judged, one, "narrow" if margin == "tie" else margin, reasons)


def answer(exchange: Exchange | None) -> DuelReply | None:
    """The reply of an exchange that ended well."""
    if exchange is None or exchange.status is not Status.OK:
        return None
    return parse(exchange.reply, DuelReply)


def named(reply: DuelReply, first: str, second: str) -> str | None:
    """The winner's name, None for a tie."""
    return {"first": first, "second": second}.get(reply.winner)


def made(judged: JudgedDuel, winner: str | None, margin: Margin, why: str) -> Duel:
    """The record of a duel."""
    return Duel(
        grader=judged.judge,
        challenge=judged.challenge,
        a=judged.a,
        b=judged.b,
        winner=winner,
        margin=margin,
        why=why,
    )
