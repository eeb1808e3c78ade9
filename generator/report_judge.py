"""What the command `judge` prints: the cost before, the answers and their count after."""

from __future__ import annotations

from generator.answers import Answers
from generator.data import Exchange, GradeReply, Status, TextReply
from generator.judge.facts import facts
from generator.judge.filling import faults, filled
from generator.judge.reply import parse
from generator.judge.session import Estimate, Tally
from generator.judge.subjects import Subject
from generator.judging import Plan
from generator.redact import clean
from generator.report import safe, stderr, stdout


def print_estimate(found: Estimate) -> None:
    """What a judge would be asked, at most."""
    stdout.print(f"calls: {found.calls}, at most {found.tokens:,} tokens and {found.cost:.2f} $")


def print_tally(tally: Tally) -> None:
    """What a judge was asked, what of it could not be used, and why it stopped, if it did."""
    for where, why in tally.unscored.items():
        stderr.print(f"[yellow]unscored:[/] {safe(where)}: {safe(why)}", soft_wrap=True)
    if tally.stopped:
        stderr.print(f"[red]stopped:[/] {safe(tally.stopped)}", soft_wrap=True)
    stdout.print(
        f"judge: {tally.asked} asked, {tally.reused} reused, {len(tally.unscored)} unscored, "
        f"{tally.cost:.4f} $"
    )


def print_answers(planned: Plan, answers: Answers) -> None:
    """What the judge said on each run that was asked about, as it was parsed."""
    for question in [*(q for q in planned.questions if not q.about), *planned.texts()]:
        known = answers.known(question)
        if known is None or known.status is not Status.OK:
            continue
        if question.about:
            print_text(question.about, known)
        elif question.kind == "grade":
            reply = parse(known.reply, GradeReply)
            letters = ", ".join(f"{d.dimension} {d.letter}" for d in reply.dimensions)
            about = f"{question.subject} {question.part}: {letters}"
            stdout.print(safe(about), soft_wrap=True)


def print_text(about: Subject, known: Exchange) -> None:
    """A judge's text with its numbers filled in, and what in it has no source."""
    paragraphs = filled(parse(known.reply, TextReply), about, facts(about))
    for paragraph in paragraphs:
        text = clean("".join(span.text for span in paragraph.spans))
        says = f"{about.slug} {about.kind}, {paragraph.topic}: {text}"
        stdout.print(safe(says), soft_wrap=True)
    for fault in faults(paragraphs):
        stderr.print(f"[yellow]no source:[/] {safe(clean(fault))}", soft_wrap=True)
