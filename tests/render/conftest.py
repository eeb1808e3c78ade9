"""Results in which every text that an output, a log or a judge could write is hostile."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pytest

from generator.data import (
    Agreement,
    Artifact,
    Binding,
    Bound,
    Calibration,
    CaseResult,
    Challenge,
    CheckResult,
    Claim,
    Contradiction,
    Corpus,
    Decided,
    Digests,
    DimensionGrade,
    Duel,
    Evidence,
    Expectation,
    Finding,
    Flag,
    Grade,
    JudgeCard,
    Layer,
    Measured,
    MeasuredRun,
    Model,
    Moment,
    Outcome,
    OwnTest,
    Place,
    Planted,
    ProbeOutcome,
    Published,
    PublishedGrades,
    PublishedScores,
    Quote,
    Ranking,
    Replayed,
    Results,
    Round,
    Run,
    Score,
    Session,
    Settled,
    Share,
    Span,
    Takeaway,
    Tally,
    Told,
    ToldParagraph,
    ToldQuote,
    Verdict,
)

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)></td></table></div> '
    "[x](javascript:alert(1)) "
    "![y](http://evil.example/p.png) `a` ``b`` *c* __d__ {{ 7*7 }} {% include 'x' %} | \\ "
    "&lt; &#60; "
    '<!-- ranking:end --> --8<-- "/etc/passwd" { onclick=alert(1) } {: .x } '
    "\u202e\u2066 \x00\x02wzxhzdk:0\x03 "
    "# h1\n\n## h2\n\n```\nfence\n```\n\n---\n\n- item\n"
)
SOURCE = (
    '# front\n```\n````\n`````python\n--8<-- "README.md"\n{{ 7*7 }} {% x %}\n'
    "</code></pre><script>alert(1)</script>\n"
    "def run(a, b=1):\n\treturn a\n\nclass K:\n    def step(self, x):\n        return x\n"
    "\x01\u202e\n~~~\n<!-- -->\n"
)
DIGEST = "0" * 64
SLUGS = ("one", "two", "three_", "four", "five", "six", "seven", "eight")


def challenge(slug: str, **more: Any) -> Challenge:
    """A challenge with three checks in two groups."""
    fields = {
        "title": slug.title(),
        "difficulty": "Hard",
        "runtime": "numpy",
        "summary": "A task.",
        "entry": {"run": {"params": {"x": []}}},
        "groups": {"values": {"weight": 4}, "extra": {"weight": 1, "decides": False}},
        "checks": {
            "right": {"group": "values", "says": "It is right.", "trap": "It is wrong."},
            "stable": {"group": "values", "says": "It is stable."},
            "noted": {"group": "extra", "says": "It is noted."},
        },
    }
    return Challenge.model_validate({"slug": slug} | fields | more)


def run(folder: Path, model: str, slug: str, files: dict[str, str]) -> Run:
    """A run whose files are written to disk."""
    artifacts = []
    for name, text in files.items():
        path = folder / model.replace("/", "_") / slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\0", ""), encoding="utf-8", newline="")
        artifacts.append(Artifact(path=name, sha256=DIGEST, bytes=len(text)))
    return Run(
        model=model,
        challenge=slug,
        folder=folder / model.replace("/", "_") / slug,
        artifacts=tuple(artifacts),
        problems=(HOSTILE,),
    )


def evidence(
    model: str, slug: str, verdict: Verdict = Verdict.WRONG, text: str = HOSTILE
) -> Evidence:
    """A record with a failing check, a passing one and one that is not testable."""
    bad = CaseResult(
        case=text,
        verdict=verdict,
        seconds=0.1,
        note=text,
        findings=(
            Finding(name=text, ok=verdict is Verdict.PASSED, error=0.5, bound=1e-12, detail=text),
            Finding(name="nan", ok=verdict is Verdict.PASSED, error=float("nan"), bound=1e-12),
        ),
    )
    good = CaseResult(
        case="c",
        verdict=Verdict.PASSED,
        seconds=0.1,
        findings=(Finding(name="y", ok=True, error=0.0, bound=0.0),),
    )
    blank = CaseResult(case="d", verdict=Verdict.NOT_TESTABLE, seconds=0.0, note=text)
    return Evidence(
        model=model,
        challenge=slug,
        verdict=verdict,
        summary=text,
        checks={
            "right": CheckResult(verdict=verdict, cases=(bad,)),
            "stable": CheckResult(verdict=Verdict.PASSED, cases=(good,)),
            "noted": CheckResult(verdict=Verdict.NOT_TESTABLE, cases=(blank,)),
            "gone": CheckResult(verdict=verdict, cases=(bad,)),
        },
        binding=Binding(
            entry={text: Bound(file=text, symbol=text, passes={}, reason=text)}, steps=(text,)
        ),
        own_tests=(OwnTest(file=text, ended=True, status=0, seconds=1, note=text),),
        flags=(
            Flag(file=text, line=1, kind=text, text=text),
            Flag(file="main.py", line=2, kind="exit", text="exit()"),
        ),
        digests=Digests(artifacts=DIGEST, challenge=DIGEST, verifier=DIGEST),
        seed=7,
        made_at="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        machine={"system": text},
        isolation=(Layer(name=text, enforced=True, note=text),),
        extra={
            "copies": {"main.py": text},
            "device": {"name": text},
            "compiler": {"nvcc": text},
            "errors": [text],
            "repaired": {"rungs": [text], "verdict": text, "errors": [text], "diff": "+" + text},
            "sanitizer": {text: text},
            "timing": {
                "roof_bytes_per_second": 4e12,
                "shapes": [
                    {"rows": 1, "V": 2, "K": 3, "kernel": {"median_ms": 0.5}, "share": 0.02},
                    {"refused": text},
                    text,
                ],
            },
        },
    )


def logged(text: str) -> Session:
    """The summary of a log in which every name is foreign."""
    return Session(
        file="session.jsonl",
        format="pi",
        models=(text,),
        thinking=(text,),
        turns=1,
        calls={text: 1},
        started=text,
        seconds=61,
        entries=8,
        broken=(3,),
    )


def moments(text: str) -> tuple[Moment, ...]:
    """An entry of every kind, one of them failed and one long."""
    kinds = ("user", "assistant", "reasoning", "call", "result", "change", "note")
    plain = [Moment(line=n, kind=k, title=text, text=text) for n, k in enumerate(kinds, 1)]  # type: ignore[arg-type]
    failed = Moment(line=8, kind="result", title="bash", text=text * 9, failed=True, seconds=61)
    return (*plain, failed, Moment(line=9, kind="broken", title=""))


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
        calibrations=(
            Calibration(
                of="probes",
                arm="blind",
                caught=share(15, 18),
                cleared=share(6, 6),
                false_a=share(3, 18),
                resisted=share(20, 27),
            ),
        ),
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


def results(root: Path, text: str = HOSTILE) -> Results:
    """Three models, three challenges; `text` stands wherever somebody else's words would."""
    odd = "odd \" <b>&--'"
    models = {
        "alpha": Model(
            slug="alpha", name=f"Alpha {text}", provider=text, note=text, provenance="stand-in"
        ),
        "beta": Model(slug="beta", name="Beta", provenance="original", succeeds="alpha"),
        odd: Model(slug=odd, name="Odd"),
    }
    challenges = {slug: challenge(slug) for slug in SLUGS}
    names = {"main.py": SOURCE, "notes.md": text, "we ird ` * _ [x].py": SOURCE, "empty.txt": ""}
    runs = {
        f"{m}/{c}": run(root / "runs", m, c, files)
        for m, c, files in (
            ("alpha", "one", names),
            ("alpha", "two", {"main.py": "x = 1\n"}),
            ("beta", "one", {"main.py": "def run(a):\n    return a\n"}),
            ("beta", "three_", {"PROMPT.md": "p"}),
            (odd, "one", {"main.py": "("}),
        )
    }
    records = {
        "alpha/one": evidence("alpha", "one", text=text),
        "beta/one": evidence("beta", "one", Verdict.PASSED, text),
        "beta/three_": evidence("beta", "three_", Verdict.NO_OUTPUT, text),
    }
    grade = Grade(
        grader="published",
        kind="imported",
        model="alpha",
        challenge="one",
        letter="A",
        why=text,
        dimensions={
            "correctness": DimensionGrade(
                letter="A",
                why=text,
                quotes=(
                    Quote(where="main.py:3", text=text, found=True),
                    Quote(where=text, text=text, found=False),
                ),
            ),
            "testing": DimensionGrade(letter=None, why=text),
        },
    )
    other = grade.model_copy(update={"model": "beta", "letter": "C"})
    given = {
        f"{g.model}/{c}": g.model_copy(update={"challenge": c})
        for g in (grade, other)
        for c in SLUGS
    }
    given["alpha/two"] = given["alpha/two"].model_copy(update={"letter": "F"})
    duel = Duel(
        grader="published",
        challenge="one",
        a="alpha",
        b="beta",
        winner="alpha",
        margin="decisive",
        why=text,
    )
    place = Place(
        model="alpha",
        points=4.0,
        letter="A",
        challenges=1,
        bounds=(0.5, 4.0),
        best_rank=1,
        worst_rank=2,
    )
    claim = Claim(id="c-1", source=text, says=text, check="x", concerns=("alpha", "one", text))
    return Results(
        corpus=Corpus(root=root, challenges=challenges, models=models, runs=runs),
        evidence=records,
        standings={
            "alpha/one": "current",
            "alpha/two": "missing",
            "beta/one": "stale",
            "beta/three_": "current",
            f"{odd}/one": "missing",
        },
        grades={"published": given, "evidence": {}},
        rankings={
            "published": Ranking(
                grader="published",
                rule=text,
                places=(
                    place,
                    place.model_copy(
                        update={
                            "model": "beta",
                            "points": 2.0,
                            "interval": (1.0, 3.0),
                            "best_rank": 1,
                            "worst_rank": 2,
                        }
                    ),
                ),
            )
        },
        pairs=tuple(combinations(models, 2)),
        duels={"published": (duel,)},
        published=Published(
            grades=PublishedGrades(
                judge=text,
                date="2026-01-01",
                source=text,
                executed_the_code=False,
                matrix={"one": {"alpha": "A", "beta": "C"}},
                ranking=(
                    {"rank": 1, "model": "alpha", "average": text, "challenges": "1/3"},
                    {"rank": 2, "model": "gone", "average": "B"},
                ),
            ),
            scores=scores(text),
            measured=Measured(
                what=text,
                how=text,
                date="2026-01-01",
                runs={
                    "alpha/one": MeasuredRun(
                        file=text,
                        sha256=DIGEST,
                        checks_passed=3,
                        checks_failed=1,
                        failed=("right", text),
                        note=text,
                    )
                },
                own_tests={},
                identical_files=(),
                prompts={},
                logged=(),
                thinking={},
            ),
        ),
        outcomes=(Outcome(claim=claim, outcome="contradicted", because=text),),
        cards={"judge": judge_card()},
        probes=(
            Planted(
                kind="padding",
                challenge="one",
                says="the control with filler",
                right=True,
                expects=(EXPECTS,),
                control="control",
                verdict=Verdict.PASSED,
                summary=text,
            ),
        ),
        agreements=(Agreement(a="evidence", b="published", alpha=-0.5, n=2, same=1, apart=3.0),),
        contradictions=(
            Contradiction(
                model="alpha", challenge="one", letter="A", verdict="wrong", why=text, size=1.3
            ),
        ),
        rounds=(in_a_round(("alpha", "beta", odd), text),),
        rooflines={
            "one": {
                "roof_bytes_per_second": 4e12,
                "shapes": [
                    {
                        "rows": 1,
                        "V": 2,
                        "K": 3,
                        "bytes": 5e8,
                        "kernel": {"median_ms": 0.2},
                        "share": 0.6,
                        "torch": {"median_ms": 0.9},
                    },
                    text,
                ],
            }
        },
        takeaways=(Takeaway(rule=text, text=text),),
        told=(*told("analysis", "one", text), *told("profile", "alpha", text)),
        sessions={"alpha/one": logged(text)},
        timelines={"alpha/one": moments(text)},
        replays={
            "alpha/one": (
                Replayed(file=text, outcome="differs", note=text, diff=text),
                Replayed(file="main.py", outcome="as logged"),
            )
        },
        redacted={"alpha/one/main.py": {"e-mail": 2}},
    )


@pytest.fixture
def hostile(tmp_path: Path) -> Results:
    """Results whose every foreign text is hostile."""
    return prepared(tmp_path, HOSTILE)


@pytest.fixture
def calm(tmp_path: Path) -> Results:
    """The same results with a harmless text."""
    return prepared(tmp_path, "a text")


def prepared(root: Path, text: str) -> Results:
    """Results below `root`, with a prompt and mutants for one challenge."""
    folder = root / "challenges" / "one"
    folder.mkdir(parents=True)
    (folder / "PROMPT.md").write_text(
        "# One\n\nDo it.\n\n## Asked\n\n```python\n# not a heading\n```\n"
    )
    (folder / "mutants.yaml").write_text("- {name: m, check: right, says: Off by one.}\n")
    return results(root, text)
