"""Results in which every text that an output, a log or a judge could write is hostile."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from generator.data import (
    Agreement,
    Claim,
    Contradiction,
    Corpus,
    Duel,
    Model,
    Outcome,
    Results,
    Run,
    Takeaway,
    Verdict,
)
from tests.render import opinions, samples
from tests.render.samples import HOSTILE, SLUGS, SOURCE

ODD = "odd \" <b>&--'"


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


def corpus(root: Path, text: str) -> Corpus:
    """Three models, eight challenges and five runs, whose files are on disk."""
    models = {
        "alpha": Model(
            slug="alpha", name=f"Alpha {text}", provider=text, note=text, provenance="stand-in"
        ),
        "beta": Model(slug="beta", name="Beta", provenance="original", succeeds="alpha"),
        ODD: Model(slug=ODD, name="Odd"),
    }
    challenges = {slug: samples.challenge(slug) for slug in SLUGS}
    return Corpus(root=root, challenges=challenges, models=models, runs=runs(root, text))


def runs(root: Path, text: str) -> dict[str, Run]:
    """One run with files of every kind, and four with one file each."""
    files = {
        ("alpha", "one"): {
            "main.py": SOURCE,
            "notes.md": text,
            "we ird ` * _ [x].py": SOURCE,
            "empty.txt": "",
        },
        ("alpha", "two"): {"main.py": "x = 1\n"},
        ("beta", "one"): {"main.py": "def run(a):\n    return a\n"},
        ("beta", "three_"): {"PROMPT.md": "p"},
        (ODD, "one"): {"main.py": "("},
    }
    made = [samples.run(root / "runs", m, c, texts) for (m, c), texts in files.items()]
    return {run.key: run for run in made}


def results(root: Path, text: str = HOSTILE) -> Results:
    """Everything that pages are made of; `text` stands wherever somebody else's words would."""
    found = corpus(root, text)
    records = [
        samples.evidence("alpha", "one", text=text),
        samples.evidence("beta", "one", Verdict.PASSED, text),
        samples.evidence("beta", "three_", Verdict.NO_OUTPUT, text),
    ]
    return Results(
        corpus=found,
        evidence={record.key: record for record in records},
        standings={
            "alpha/one": "current",
            "alpha/two": "missing",
            "beta/one": "stale",
            "beta/three_": "current",
            f"{ODD}/one": "missing",
        },
        grades={"published": opinions.grades(text), "evidence": {}},
        rankings={"published": opinions.ranking(text)},
        pairs=tuple(combinations(found.models, 2)),
        duels={"published": (duel(text),)},
        published=opinions.published(text),
        outcomes=(outcome(text),),
        cards={"judge": opinions.judge_card()},
        probes=(opinions.planted(text),),
        agreements=(Agreement(a="evidence", b="published", alpha=-0.5, n=2, same=1, apart=3.0),),
        contradictions=(contradiction(text),),
        rounds=(opinions.in_a_round(("alpha", "beta", ODD), text),),
        rooflines={"one": opinions.roofline(text)},
        takeaways=(Takeaway(rule=text, text=text),),
        told=(
            *opinions.told("analysis", "one", text),
            *opinions.told("profile", "alpha", text),
        ),
        sessions={"alpha/one": samples.logged(text)},
        timelines={"alpha/one": samples.moments(text)},
        replays={"alpha/one": samples.replayed(text)},
        redacted={"alpha/one/main.py": {"e-mail": 2}},
    )


def duel(text: str) -> Duel:
    """The only duel: alpha beats beta."""
    return Duel(
        grader="published",
        challenge="one",
        a="alpha",
        b="beta",
        winner="alpha",
        margin="decisive",
        why=text,
    )


def outcome(text: str) -> Outcome:
    """A contradicted claim that concerns a model, a challenge and something that is not here."""
    claim = Claim(id="c-1", source=text, says=text, check="x", concerns=("alpha", "one", text))
    return Outcome(claim=claim, outcome="contradicted", because=text)


def contradiction(text: str) -> Contradiction:
    """An A on an output that is wrong."""
    return Contradiction(
        model="alpha", challenge="one", letter="A", verdict="wrong", why=text, size=1.3
    )
