"""What graders, judges and others say of the sample runs; `text` stands for their own words."""

from __future__ import annotations

from typing import Any, Literal

from generator.data import (
    Calibration,
    Decided,
    DimensionGrade,
    Expectation,
    Grade,
    JudgeCard,
    Measured,
    MeasuredRun,
    Place,
    Planted,
    ProbeOutcome,
    Published,
    PublishedGrades,
    PublishedScores,
    Quote,
    Ranking,
    Round,
    Score,
    Settled,
    Share,
    Span,
    Tally,
    Told,
    ToldParagraph,
    ToldQuote,
    Verdict,
)
from tests.render.samples import DIGEST, SLUGS


def grades(text: str) -> dict[str, Grade]:
    """Published grades on every challenge: As for alpha but for one F, Cs for beta."""
    quotes = (
        Quote(where="main.py:3", text=text, found=True),
        Quote(where=text, text=text, found=False),
    )
    dimensions = {
        "correctness": DimensionGrade(letter="A", why=text, quotes=quotes),
        "testing": DimensionGrade(letter=None, why=text),
    }
    given = {}
    for model, letter in (("alpha", "A"), ("beta", "C")):
        for slug in SLUGS:
            given[f"{model}/{slug}"] = Grade(
                grader="published",
                kind="imported",
                model=model,
                challenge=slug,
                letter="F" if (model, slug) == ("alpha", "two") else letter,
                why=text,
                dimensions=dimensions,
            )
    return given


def ranking(text: str) -> Ranking:
    """Alpha before beta, which share their ranks; beta alone has an interval."""
    alpha = Place(
        model="alpha",
        points=4.0,
        letter="A",
        challenges=1,
        bounds=(0.5, 4.0),
        best_rank=1,
        worst_rank=2,
    )
    beta = alpha.model_copy(update={"model": "beta", "points": 2.0, "interval": (1.0, 3.0)})
    return Ranking(grader="published", rule=text, places=(alpha, beta))


def published(text: str) -> Published:
    """What was imported: grades with a printed ranking, earlier scores, and one measured run."""
    printed = PublishedGrades(
        judge=text,
        date="2026-01-01",
        source=text,
        executed_the_code=False,
        matrix={"one": {"alpha": "A", "beta": "C"}},
        ranking=(
            {"rank": 1, "model": "alpha", "average": text, "challenges": "1/3"},
            {"rank": 2, "model": "gone", "average": "B"},
        ),
    )
    return Published(grades=printed, scores=scores(text), measured=measured(text))


def measured(text: str) -> Measured:
    """Figures of one original, which fails one check of four."""
    run = MeasuredRun(
        file=text,
        sha256=DIGEST,
        checks_passed=3,
        checks_failed=1,
        failed=("right", text),
        note=text,
    )
    return Measured(
        what=text,
        how=text,
        date="2026-01-01",
        runs={"alpha/one": run},
        own_tests={},
        identical_files=(),
        prompts={},
        logged=(),
        thinking={},
    )


def scores(judge: str) -> PublishedScores:
    """Two earlier rounds: alpha in both of them, on one challenge, and beta in the first."""
    given = ((1, "alpha", 70), (1, "beta", 80), (2, "alpha", 95))
    return PublishedScores(
        judge=judge,
        date="2026-01-01",
        scale="0 to 100",
        executed_the_code=False,
        scores=tuple(Score(round=n, model=m, challenge="one", score=s) for n, m, s in given),
    )


def in_a_round(models: tuple[str, str, str], text: str) -> Round:
    """A round with an outcome of every kind."""
    settled = {
        "one": Settled(winner="alpha", margin="narrow"),
        "two": Settled(cycle=models),
        "four": Settled(leaders=models),
        "five": Settled(leaders=models[:2]),
    }
    tallies = {model: Tally(challenges=1, won=3, lost=2, tied=4) for model in models}
    overall = Settled(leaders=models[:1])
    by = [
        Decided(source=source, challenges=settled, tallies=tallies, overall=overall)
        for source in ("published", text)
    ]
    challenges = (*settled, "three_")
    return Round(name="a--b", models=models, challenges=challenges, why=text, decided=tuple(by))


def told(kind: Literal["analysis", "profile"], subject: str, text: str) -> tuple[Told, Told]:
    """A judge's text with a span of every kind and a bad quote, and one that is missing."""
    kinds: tuple[Literal["plain", "fact", "own", "unknown"], ...]
    kinds = ("plain", "fact", "own", "unknown")
    paragraph = ToldParagraph(
        topic=text,
        spans=tuple(Span(text=text, kind=kind, says=text) for kind in kinds),
        quotes=(
            ToldQuote(where=text, text=text, found=False),
            ToldQuote(where=text, text=text, found=True, run="alpha/one", check="right"),
            ToldQuote(where=text, text=text, found=True, run="alpha/one"),
        ),
    )
    written = Told(
        kind=kind,
        judge="judge",
        subject=subject,
        model=text,
        date="2026-01-01",
        contestants={"contestant A": text},
        paragraphs=(paragraph,),
        faults=(text,),
    )
    return written, Told(kind=kind, judge="other", subject=subject, why=text)


def share(count: int, n: int) -> Share:
    """A share with an interval."""
    return Share(count=count, n=n, share=count / n, low=0.1, high=0.9)


CALIBRATION = Calibration(
    of="probes",
    arm="blind",
    caught=share(15, 18),
    cleared=share(6, 6),
    false_a=share(3, 18),
    resisted=share(20, 27),
)
EXPECTS = Expectation(dimension="code quality", rule="not above its control")


def judge_card() -> JudgeCard:
    """The card of a judge that was asked about one probe."""
    nothing = Share(count=0, n=0)
    outcome = {"kind": "padding", "challenge": "one", "expects": EXPECTS, "letter": "A"}
    return JudgeCard(
        judge="judge",
        model="judge-1",
        exchanges=2,
        unscored=0,
        cost=0.5,
        tokens=10,
        runs=0,
        duels=0,
        texts=0,
        repeat_alpha=None,
        exact=nothing,
        order=nothing,
        first=nothing,
        calibrations=(CALIBRATION,),
        inversions=nothing,
        quotes=nothing,
        sourced=nothing,
        agreement={"published": None},
        length=None,
        probes=(
            ProbeOutcome(arm="blind", control="C", held=False, **outcome),  # type: ignore[arg-type]
            ProbeOutcome(arm="with evidence", **outcome),  # type: ignore[arg-type]
        ),
        notes=("a note",),
    )


def planted(text: str) -> Planted:
    """The probe that the judge was asked about."""
    return Planted(
        kind="padding",
        challenge="one",
        says="the control with filler",
        right=True,
        expects=(EXPECTS,),
        control="control",
        verdict=Verdict.PASSED,
        summary=text,
    )


def roofline(text: str) -> dict[str, Any]:
    """Timings of our own kernel, with one shape that is not of the right form."""
    shape = {
        "rows": 1,
        "V": 2,
        "K": 3,
        "bytes": 5e8,
        "kernel": {"median_ms": 0.2},
        "share": 0.6,
        "torch": {"median_ms": 0.9},
    }
    return {"roof_bytes_per_second": 4e12, "shapes": [shape, text]}
