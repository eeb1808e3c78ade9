"""From replies to grades: medians, caps that no judge lifts, quotes that must be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.data import (
    Challenge,
    Check,
    CheckResult,
    Evidence,
    Exchange,
    Grade,
    JudgedRun,
    Letter,
    QuotedReason,
    Run,
    Status,
    Verdict,
)
from generator.judge.grading import grade_from, median, seen_digest
from generator.judge.quotes import checked
from generator.judge.rubric import overall, rubric
from generator.redact import redact
from generator.storedrun import load_run
from tests import made
from tests.judge.conftest import GRADE

CHALLENGE = made.challenge(right=Check(group="g", says="it is right"))


def evidence(verdict: Verdict) -> Evidence:
    """Evidence with one check of this verdict."""
    return made.evidence("m/s", verdict, checks={"right": CheckResult(verdict=verdict)})


def exchange(letter: Letter, status: Status = Status.OK) -> Exchange:
    """A reply that gives every dimension this letter."""
    body = {**GRADE, "dimensions": [{**d, "letter": letter} for d in GRADE["dimensions"]]}  # type: ignore[dict-item]
    return made.exchange("k", json.dumps(body), status)


def judged(*letters: Letter) -> JudgedRun:
    """A record with one repeat per letter."""
    return JudgedRun(
        judge="j",
        model="m",
        challenge="s",
        exchanges={f"repeat-{i}": exchange(letter) for i, letter in enumerate(letters)},
    )


def graded(record: JudgedRun, run: Run, challenge: Challenge, seen: Evidence) -> Grade:
    """The grade of a record whose judge was shown the present files and evidence."""
    shown = record.model_copy(update={"seen": seen_digest(run, challenge, seen)})
    return grade_from(shown, run, challenge, seen)


def test_a_grade_is_stale_when_files_or_evidence_changed(run: Run) -> None:
    """What was judged before a change is shown as stale, not as a grade of what is there now."""
    record = judged("A").model_copy(
        update={"seen": seen_digest(run, CHALLENGE, evidence(Verdict.PASSED))}
    )
    assert grade_from(record, run, CHALLENGE, evidence(Verdict.PASSED)).letter
    stale = grade_from(record, run, CHALLENGE, evidence(Verdict.WRONG))
    assert stale.letter is None
    assert stale.why.startswith("stale")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with one file."""
    (tmp_path / "m" / "s").mkdir(parents=True)
    (tmp_path / "m" / "s" / "k.py").write_text("import numpy as np\n\n\nx = np.zeros( 3 )\n")
    return load_run(tmp_path / "m" / "s", "m", "s")


def test_the_median_letter_counts_and_the_spread_is_kept(run: Run) -> None:
    """Three repeats give the middle letter; of an even number the lower middle one."""
    grade = graded(judged("A", "C", "B"), run, CHALLENGE, evidence(Verdict.PASSED))
    quality = grade.dimensions["code quality"]
    assert (quality.letter, quality.spread) == ("B", ("A", "C", "B"))
    assert median(["A", "C"]) == "C"


@pytest.mark.parametrize(
    ("verdict", "cap"),
    [
        (Verdict.PASSED, "A"),
        (Verdict.WRONG, "B-"),
        (Verdict.CRASHED, "C"),
        (Verdict.DOES_NOT_COMPILE, "D"),
    ],
)
def test_no_judge_lifts_a_cap(run: Run, verdict: Verdict, cap: str) -> None:
    """Straight As for an output that fails its tests end at the cap of its verdict, or lower."""
    grade = graded(judged("A", "A", "A"), run, CHALLENGE, evidence(verdict))
    letters = [row["overall"] for row in (rubric().caps[str(verdict)],)]
    assert letters == [cap]
    order = list(Letter.__args__)  # type: ignore[attr-defined]
    assert order.index(grade.letter) >= order.index(cap)


def test_correctness_is_the_programs_alone(run: Run) -> None:
    """The judge's letter on correctness is kept beside the tests' letter and never replaces it."""
    grade = graded(judged("A"), run, CHALLENGE, evidence(Verdict.DOES_NOT_COMPILE))
    assert grade.dimensions["correctness"].letter == "F"
    assert grade.dimensions["correctness"].judged == "A"


def test_replies_that_cannot_be_used_leave_a_run_ungraded(run: Run) -> None:
    """An unparsable reply is no F and no zero: there is no letter, and the reason is given."""
    record = JudgedRun(
        judge="j",
        model="m",
        challenge="s",
        exchanges={"repeat-0": exchange("A", Status.REFUSED)},
    )
    grade = graded(record, run, CHALLENGE, evidence(Verdict.PASSED))
    assert grade.letter is None
    assert grade.why.startswith("ungraded: refused")


def test_better_letters_never_lower_the_overall_grade() -> None:
    """Raising any one dimension raises the overall letter or leaves it."""
    order = list(Letter.__args__)  # type: ignore[attr-defined]
    for name in rubric().dimensions:
        base: dict[str, Letter] = dict.fromkeys(rubric().dimensions, "C")
        before = order.index(overall(base))
        assert order.index(overall({**base, name: "A"})) <= before


@pytest.mark.parametrize(
    ("where", "text", "found"),
    [
        ("k.py:4", "np.zeros(3)", True),
        ("k.py:4", "4| x = np.zeros( 3 )", True),
        ("k.py:3", "np.zeros( 3 )", True),
        ("k.py:1-4", "x = np.zeros", True),
        ("k.py:4", "np.ones(3)", False),
        ("k.py:400", "np.zeros", False),
        ("other.py:4", "np.zeros", False),
        ("../../etc/passwd:1", "root", False),
        ("E01", "right: passed", True),
        ("E01", "right: wrong", False),
        ("E99", "right", False),
        ("k.py:4", "   ", False),
        ("k.py:" + "4" * 5000, "np.zeros", False),
        ("k.py:1-4", "\n" * 500_000, False),
    ],
)
def test_a_quote_must_stand_where_the_judge_says(
    run: Run, where: str, text: str, found: bool
) -> None:
    """White space and a line or two are forgiven, other words and other places are not."""
    files = {"k.py": (run.folder / "k.py").read_text().splitlines()}
    shown = "E00 verdict: passed.\nE01 right: passed. it is right"
    assert checked(QuotedReason(where=where, text=text), run, shown, files).found is found


SECRETS = {
    "OpenAI-style key": "sk-proj-abcdefghij1234567890",
    "GitHub token": "ghp_" + "a1" * 18,
    "Hugging Face token": "hf_" + "aB" * 15,
    "AWS key": "AKIA" + "ABCDEFGH12345678",
    "Google key": "AIza" + "a" * 35,
    "Slack token": "xoxb-123456789012-abcdef",
    "GitLab token": "glpat-" + "a1" * 10,
    "web token": "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4",
    "bearer token": "Bearer abcdefghijklmnopqrstuvwxyz",
    "password in a URL": "postgres://user:hunter2@example.org/db",
    "e-mail": "someone@example.org",
    "home path": "/Users/someone/project",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "assigned secret": 'api_key = "0123456789abcdef"',
}


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_secrets_are_taken_out(kind: str) -> None:
    """Each kind is found inside code, and nothing of it is left."""
    secret = SECRETS[kind]
    text, found = redact(f"x = 1  # {secret}\ny = 2")
    assert secret not in text
    assert sum(found.values()) >= 1
    assert text.startswith("x = 1") and text.endswith("y = 2")


def test_ordinary_code_is_left_alone() -> None:
    """A decorator, a matrix product and an address in a docstring are no secrets."""
    code = "@staticmethod\ndef f(q, k):\n    return q @ k.T  # token_ids = [1, 2]\n"
    assert redact(code) == (code, {})
