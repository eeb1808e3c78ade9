"""From a judge's exchanges to a grade: the median letters, under the evidence's caps."""

from __future__ import annotations

from generator.data import (
    DIMENSIONS,
    POINTS,
    Challenge,
    DimensionGrade,
    DimensionReply,
    Evidence,
    Exchange,
    Grade,
    GradeReply,
    JudgedRun,
    Letter,
    Quote,
    Run,
    Status,
)
from generator.digests import json_digest
from generator.graders import blind
from generator.judge import evidence as by_evidence
from generator.judge.numbers import asked, marked
from generator.judge.prompts import items
from generator.judge.quotes import checked
from generator.judge.reply import parse
from generator.judge.rubric import overall, rubric
from generator.judge.submission import readable
from generator.letters import lowered


def grade_from(judged: JudgedRun, run: Run, challenge: Challenge, evidence: Evidence) -> Grade:
    """The grade that a judge's replies amount to; ungraded, with the reason, if there is none."""
    replies = usable(judged.arm("repeat"))
    if judged.seen != seen_digest(run, challenge, evidence):
        return ungraded(judged, "stale: the files or the evidence changed since it was judged")
    if not replies:
        return ungraded(judged, f"ungraded: {reasons_for_none(judged)}")
    dimensions = {
        name: one_dimension(name, judged, run, challenge, evidence) for name in rubric().dimensions
    }
    letters = {name: d.letter for name, d in dimensions.items() if d.letter is not None}
    letter = overall(letters)
    cap = rubric().caps.get(str(evidence.verdict), {}).get("overall")
    quotes = [quote.found for d in dimensions.values() for quote in d.quotes]
    return Grade(
        grader=judged.judge,
        kind="judged",
        model=judged.model,
        challenge=judged.challenge,
        letter=lowered(letter, cap) if letter else None,
        why=marked(replies[0].summary, asked(judged.arm("repeat"))),
        dimensions=dimensions,
        spread=tuple(x for reply in replies if (x := repeated(reply, dimensions, cap))),
        trust=round(sum(quotes) / len(quotes), 3) if quotes else None,
    )


def repeated(
    reply: GradeReply, dimensions: dict[str, DimensionGrade], cap: Letter | None
) -> Letter | None:
    """The overall letter that one reply alone would have come to, under the same rule and caps."""
    letters: dict[str, Letter] = {
        d.dimension: lowered(d.letter, dimensions[d.dimension].cap) for d in reply.dimensions
    }
    for name, dimension in rubric().dimensions.items():
        decided = dimensions[name].letter
        if dimension.decided_by == "program" and decided:
            letters[name] = decided
    letter = overall(letters)
    return lowered(letter, cap) if letter else None


def seen_digest(run: Run, challenge: Challenge, evidence: Evidence) -> str:
    """A digest of what a judge is shown of a run: when it changes, the judge's grade is stale."""
    files = sorted((a.path, a.sha256) for a in run.artifacts)
    return json_digest([files, items(challenge, evidence)])


def blind_grade(judged: JudgedRun) -> Grade | None:
    """What the judge said without the evidence, uncapped: a reading to set beside its grade."""
    replies = usable(judged.arm("blind"))
    if not replies:
        return None
    return Grade(
        grader=blind(judged.judge),
        kind="judged",
        model=judged.model,
        challenge=judged.challenge,
        letter=overall(said(replies)),
        spread=tuple(letter for reply in replies if (letter := overall(said([reply])))),
        why="without the evidence, uncapped; it calibrates the judge and is no grade",
    )


def said(replies: list[GradeReply]) -> dict[str, Letter]:
    """The median letter that some replies give each dimension, before any cap."""
    given = [d for reply in replies for d in reply.dimensions]
    found = {name: median([d.letter for d in given if d.dimension == name]) for name in DIMENSIONS}
    return {name: letter for name, letter in found.items() if letter}


def usable(exchanges: tuple[Exchange, ...]) -> list[GradeReply]:
    """The replies of the exchanges that ended well."""
    return [parse(e.reply, GradeReply) for e in exchanges if e.status is Status.OK]


def ungraded(judged: JudgedRun, why: str) -> Grade:
    """No grade: never zero and never F."""
    return Grade(
        grader=judged.judge,
        kind="judged",
        model=judged.model,
        challenge=judged.challenge,
        letter=None,
        why=why,
    )


def reasons_for_none(judged: JudgedRun) -> str:
    """Why no reply can be used."""
    whys = dict.fromkeys(f"{e.status} ({e.why})" for e in judged.arm("repeat"))
    return "; ".join(whys) or "not asked"


def one_dimension(
    name: str, judged_run: JudgedRun, run: Run, challenge: Challenge, evidence: Evidence
) -> DimensionGrade:
    """One dimension: decided by the program, or the judge's median letter under its cap."""
    exchanges = judged_run.arm("repeat")
    replies = usable(exchanges)
    given = [d for reply in replies for d in reply.dimensions if d.dimension == name]
    judged = median([d.letter for d in given])
    spread = tuple(d.letter for d in given)
    quotes = quotes_of(given, run, challenge, evidence)
    if rubric().dimensions[name].decided_by == "program":
        letter, why = by_evidence.overall(challenge, evidence)
        return DimensionGrade(letter=letter, why=why, judged=judged, spread=spread, quotes=quotes)
    if judged is None:
        return DimensionGrade(letter=None, why="the judge left this dimension out")
    decided = rubric().dimensions[name].decided_by == "capped"
    cap = rubric().caps.get(str(evidence.verdict), {}).get(name) if decided else None
    return DimensionGrade(
        letter=lowered(judged, cap),
        why=marked(given[0].reasons, asked(exchanges)),
        judged=judged,
        cap=cap,
        spread=spread,
        quotes=quotes,
    )


def quotes_of(
    given: list[DimensionReply], run: Run, challenge: Challenge, evidence: Evidence
) -> tuple[Quote, ...]:
    """The first reply's quotes on a dimension, each checked against the file or the evidence."""
    shown = items(challenge, evidence)
    wanted = given[0].quotes[:6] if given else ()
    known = {a.path: a for a in run.artifacts}
    names = {quote.where.rpartition(":")[0] for quote in wanted} & known.keys()
    files = {name: readable(run, known[name]).splitlines() for name in names}
    return tuple(checked(quote, run, shown, files) for quote in wanted)


def median(letters: list[Letter]) -> Letter | None:
    """The middle letter; of an even number the lower of the two in the middle."""
    ordered = sorted(letters, key=lambda letter: POINTS[letter])
    return ordered[(len(ordered) - 1) // 2] if ordered else None
