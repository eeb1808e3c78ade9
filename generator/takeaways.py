"""What published grades and evidence say in a few sentences, each by a rule that it names."""

from __future__ import annotations

from math import isclose
from statistics import mean, pstdev

from generator.audit import BAD_VERDICTS, GOOD
from generator.data import POINTS, Corpus, Evidence, Grade, Provenance, Takeaway, Verdict
from generator.letters import points_by_model
from generator.words import count, listed

WHOSE = {
    Provenance.ORIGINAL: "original files, run here, of {}",
    Provenance.STAND_IN: "stand-ins, run here, of {}",
    Provenance.UNSTATED: "files of unstated origin, run here, for {}",
}


def takeaways(
    corpus: Corpus, published: dict[str, Grade], evidence: dict[str, Evidence]
) -> list[Takeaway]:
    """What the data says in a few sentences; each names the rule that made it."""
    points = points_by_model(published.values())
    full = {m: p for m, p in points.items() if len(p) == len(corpus.challenges)}
    found = [
        most_consistent(corpus, full),
        highest_floor(corpus, full),
        widest_challenge(corpus, published),
        *tests_against_grades(corpus, published, evidence),
    ]
    return [takeaway for takeaway in found if takeaway]


def most_consistent(corpus: Corpus, full: dict[str, dict[str, float]]) -> Takeaway | None:
    """Smallest spread of published grade points among the models graded on every challenge."""
    spread = {model: -pstdev(points.values()) for model, points in full.items()}
    if not (first := leading(spread)):
        return None
    named = listed(corpus.models[model].name for model in first)
    are, their = ("is", "its") if len(first) == 1 else ("are", "their")
    return Takeaway(
        rule="smallest standard deviation of published grade points, full coverage only",
        text=f"{named} {are} graded most evenly: {their} published grades vary by "
        f"{-spread[first[0]]:.2f} grade points over {len(full[first[0]])} challenges.",
    )


def highest_floor(corpus: Corpus, full: dict[str, dict[str, float]]) -> Takeaway | None:
    """Highest lowest grade among the models graded on every challenge; all of those that tie."""
    lowest = {model: min(points.values()) for model, points in full.items()}
    if not (first := leading(lowest)):
        return None
    named = listed(corpus.models[model].name for model in first)
    have, theirs, means = (
        ("has", "it", "its mean is") if len(first) == 1 else ("have", "theirs", "their means are")
    )
    averages = listed(f"{mean(full[model].values()):.2f}" for model in first)
    return Takeaway(
        rule="highest minimum of published grade points, full coverage only",
        text=f"{named} {have} the highest floor: no published grade of {theirs} is below "
        f"{lowest[first[0]]:.1f} points; {means} {averages}.",
    )


def widest_challenge(corpus: Corpus, published: dict[str, Grade]) -> Takeaway | None:
    """The challenge whose published grades lie furthest apart; all of those that tie."""
    by_challenge: dict[str, list[float]] = {}
    for grade in published.values():
        if grade.letter is not None:
            by_challenge.setdefault(grade.challenge, []).append(POINTS[grade.letter])
    spread = {slug: max(values) - min(values) for slug, values in by_challenge.items()}
    if not (first := leading(spread)):
        return None
    named = listed(corpus.challenges[slug].title for slug in first)
    separate, their = ("separates", "its") if len(first) == 1 else ("separate", "their")
    models = listed(dict.fromkeys(str(len(by_challenge[slug])) for slug in first))
    return Takeaway(
        rule="largest range of published grade points within a challenge",
        text=f"{named} {separate} the field most: {their} published grades span "
        f"{spread[first[0]]:.1f} points over {models} models.",
    )


def tests_against_grades(
    corpus: Corpus, published: dict[str, Grade], evidence: dict[str, Evidence]
) -> list[Takeaway]:
    """How many of the outputs graded A- or better fail a deciding check, by whose files were run.

    A stand-in's verdict says nothing of the output that was graded, so it is not counted with an
    original's.
    """
    decided = {*BAD_VERDICTS, Verdict.PASSED}
    tested: dict[Provenance, list[Verdict]] = {kind: [] for kind in WHOSE}
    for key, grade in published.items():
        high = grade.letter is not None and POINTS[grade.letter] >= GOOD
        if high and key in evidence and evidence[key].verdict in decided:
            tested[corpus.models[grade.model].provenance].append(evidence[key].verdict)
    return [against_grades(kind, verdicts) for kind, verdicts in tested.items() if verdicts]


def against_grades(kind: Provenance, verdicts: list[Verdict]) -> Takeaway:
    """How many of the outputs of one provenance that were graded A- or better fail."""
    whose = WHOSE[kind].format(count(len(verdicts), "output"))
    failed = sum(verdict in BAD_VERDICTS for verdict in verdicts)
    return Takeaway(
        rule="runs published at A- or better whose verdict is not passed, of those that were "
        "run, by whose files were run",
        text=f"Of the {whose} published at A- or better, {failed} failed at least one check that "
        "decides the verdict.",
    )


def leading(scores: dict[str, float]) -> list[str]:
    """The names with the highest score, to within rounding; none of none."""
    best = max(scores.values(), default=0.0)
    return [name for name, score in scores.items() if isclose(score, best, abs_tol=1e-9)]
