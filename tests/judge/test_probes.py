"""Planted probes: each is what it is said to be, and a card says by how many a judge was fooled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner
from werkzeug import Request as HttpRequest
from werkzeug import Response

from generator.asking import ask, judge_if_possible, plan_probes
from generator.build import probed
from generator.cli import app
from generator.data import (
    POINTS,
    CheckResult,
    Expectation,
    JudgeCard,
    Letter,
    Probes,
    Share,
    Verdict,
)
from generator.discover import load_challenges
from generator.engines.local import Local
from generator.judge import evidence as by_evidence
from generator.judge.calibration import held
from generator.judge.card import Asked, card
from generator.judge.client import Client
from generator.judging import Request
from generator.kernel_tests import load
from generator.options import Options
from generator.probes import PREFIX, all_planted, here, kernel_texts, planted, probes, source
from generator.schedule import standings
from generator.trial import failed_checks, mutants
from generator.verifying import verify_runs
from tests.judge.conftest import GRADE, completion, reply
from tests.made import evidence

ROOT = Path(__file__).resolve().parents[2]
RECORDS = Options().probes.store
CHALLENGES = load_challenges(ROOT / "challenges")
EVERY = [(kind, slug) for slug in probes().kernels for kind in probes().kinds]
Judge = Callable[[str, str], dict[str, Letter]]
Script = Callable[..., list[dict[str, Any]]]


# ---- what the probes are -----------------------------------------------------------------------


@cache
def cases(slug: str) -> tuple[Any, list[Any]]:
    """The kernel tests of a challenge and their cases on one seed."""
    tests = load(CHALLENGES[slug], ROOT)
    return tests, list(tests.cases(3))


def text_of(kind: str, slug: str) -> str:
    """The source of one probe."""
    return source(probes().kinds[kind], texts(slug))


@cache
def texts(slug: str) -> dict[str, str]:
    """The kernels of one challenge."""
    return kernel_texts(ROOT, slug)


def named_check(slug: str) -> str:
    """The check that rejects the mutant of a challenge's probes."""
    wanted = probes().kernels[slug].mutant
    return next(m.check for m, _ in mutants(ROOT / "challenges" / slug) if m.name == wanted)


@pytest.mark.parametrize(("kind", "slug"), EVERY)
def test_a_probe_is_as_right_or_wrong_as_it_says(kind: str, slug: str) -> None:
    """Executed: a right probe fails no check, a wrong one the check its mutant is named after."""
    tests, all_cases = cases(slug)
    roles = list(CHALLENGES[slug].entry)
    if probes().kinds[kind].right:
        assert failed_checks(tests, all_cases, roles, text_of(kind, slug)) == frozenset()
    else:
        check = named_check(slug)
        assert check in failed_checks(tests, all_cases, roles, text_of(kind, slug), only=check)


def test_the_sandbox_finds_the_same(tmp_path: Path) -> None:
    """Through the normal verification the control passes, and what is wrong fails, as planned."""
    there = Options(records=tmp_path, engine=Local(1)).probes
    names = [f"{PREFIX}{kind}/backwards" for kind in ("control", "off-by-one", "broken-build")]
    done = verify_runs(there, names, Console(stderr=True))
    found = {e.model.removeprefix(PREFIX): e.verdict for e in there.store.evidence().values()}
    assert not done.errors
    assert found == {
        "control": Verdict.PASSED,
        "off-by-one": Verdict.WRONG,
        "broken-build": Verdict.CRASHED,
    }


@pytest.mark.parametrize(("kind", "slug"), EVERY)
def test_the_record_of_a_probe_says_what_it_was_planted_as(kind: str, slug: str) -> None:
    """Every probe has evidence, and its verdict is the planted truth."""
    record = RECORDS.evidence()[f"{PREFIX}{kind}/{slug}"]
    assert (record.verdict is Verdict.PASSED) is probes().kinds[kind].right
    assert record.verdict is Verdict.PASSED or record.verdict.failed


@pytest.mark.parametrize(("kind", "slug"), EVERY)
def test_no_limit_is_stricter_than_the_fixed_function(kind: str, slug: str) -> None:
    """A wrong probe's limit is no lower than its letter by evidence: a sound judge can keep it."""
    record = RECORDS.evidence()[f"{PREFIX}{kind}/{slug}"]
    letter, _ = by_evidence.overall(CHALLENGES[slug], record)
    assert letter is not None
    for expects in probes().kinds[kind].expects:
        if expects.rule == "at most":
            assert expects.letter is not None
            assert POINTS[letter] <= POINTS[expects.letter]


@pytest.mark.parametrize("kind", [n for n, kind in probes().kinds.items() if kind.control])
def test_a_probe_and_its_control_have_one_kernel(kind: str) -> None:
    """Around it there is something; within, the two differ by nothing."""
    for slug in here(ROOT):
        plain = text_of(probes().kinds[kind].control, slug)
        assert plain == texts(slug)[probes().kinds[kind].kernel]
        assert plain in text_of(kind, slug)
        assert plain != text_of(kind, slug)


def test_no_probe_names_what_it_is() -> None:
    """A judge cannot tell a probe by its text, nor is any text blinded away as a model's name."""
    for kind, slug in EVERY:
        text = text_of(kind, slug)
        assert not re.search(rf"(?i)probe|mutant|honest|planted|{kind}", text), (kind, slug)


def test_an_edit_that_no_longer_applies_stops_with_the_field(tmp_path: Path) -> None:
    """When a right file changes under a probe, the message says which field to mend."""
    from generator.yamlfile import BadFile

    folder = tmp_path / "challenges" / "backwards"
    (folder / "honest").mkdir(parents=True)
    (folder / "challenge.yaml").touch()
    mutant = "{name: ddof_one, check: c, says: s, base: loops.py, old: x, new: y}"
    (folder / "mutants.yaml").write_text(f"- {mutant}\n")
    for name in ("compact.py", "loops.py"):
        (folder / "honest" / name).write_text("x = 1\n")
    with pytest.raises(BadFile, match=r"kernels\.backwards\.broken\.old"):
        planted(tmp_path)


def test_a_project_of_other_challenges_has_no_probes(tmp_path: Path) -> None:
    """Where no challenge is one that probes are made for, there are none, and no error."""
    assert list(planted(tmp_path).iterdir()) == []
    assert all_planted(tmp_path, {}) == ()


def test_probes_are_written_where_they_differ_and_removed_where_they_are_no_more() -> None:
    """A second planting touches nothing; the folder of a kind that is gone is removed."""
    folder = planted(ROOT)
    gone = folder / f"{PREFIX}gone" / "backwards" / "solution.py"
    gone.parent.mkdir(parents=True, exist_ok=True)
    gone.write_text("x = 1\n")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.py") if p != gone}
    planted(ROOT)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.py")} == before
    assert not gone.parent.parent.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expects": [{"dimension": "correctness", "rule": "at most"}]}, "letter"),
        ({"expects": [{"dimension": "correctness", "rule": "not above its control"}]}, "control"),
        ({"control": "gone"}, "gone"),
    ],
)
def test_a_mistake_in_the_probes_is_refused(change: dict[str, Any], says: str) -> None:
    """A limit without a letter, a comparison without a control, a control that is not there."""
    fine = {"expects": [{"dimension": "correctness", "rule": "at most", "letter": "C"}]}
    kind = {"says": "s", "kernel": "mutant"} | fine
    with pytest.raises(ValueError, match=says):
        Probes.model_validate({"kernels": {}, "kinds": {"k": kind | change}})


@pytest.mark.parametrize(
    ("rule", "limit", "letter", "control", "expected"),
    [
        ("at most", "B-", "B-", None, True),
        ("at most", "B-", "B", None, False),
        ("at least", "A-", "A-", None, True),
        ("at least", "A-", "B+", None, False),
        ("not above its control", None, "C", "C", True),
        ("not above its control", None, "C+", "C", False),
        ("within a step of its control", None, "A+", "A-", True),
        ("within a step of its control", None, "A", "B+", False),
        ("within a step of its control", None, "B", "A", False),
        ("not above its control", None, "C", None, None),
        ("at most", "B-", None, None, None),
    ],
)
def test_when_an_expectation_holds(
    rule: Any, limit: Any, letter: Any, control: Any, expected: bool | None
) -> None:
    """At the limit it holds, a letter beyond it does not, and without a letter nothing is said."""
    assert held(Expectation(dimension="d", rule=rule, letter=limit), letter, control) is expected


# ---- what a judge makes of them ----------------------------------------------------------------


def what(text: str) -> str:
    """Which kernel a submission holds: what a judge that reads perfectly would know."""
    pairs = ((name, known) for slug in here(ROOT) for name, known in texts(slug).items())
    return next(name for name, known in pairs if known.strip() in text)


def letters(**others: Letter) -> dict[str, Letter]:
    """A B on everything but what is given."""
    return dict.fromkeys((str(d["dimension"]) for d in GRADE["dimensions"]), "B") | {  # type: ignore[attr-defined]
        name.replace("_", " "): letter for name, letter in others.items()
    }


SOUND: dict[str, Letter] = {"right": "A", "naive": "A", "mutant": "C", "table": "F", "broken": "D"}


def sound(text: str, _: str) -> dict[str, Letter]:
    """Reads the kernel, and nothing around it."""
    return letters(correctness=SOUND[what(text)])


def believing(kernel_: str, letter: Letter = "A") -> Judge:
    """Takes one kind of kernel for what it is not."""
    return lambda text, shown: (
        letters(correctness=letter) if what(text) == kernel_ else sound(text, shown)
    )


def impressed(pattern: str, **given: Letter) -> Judge:
    """Sound, until the submission holds something that impresses it."""
    return lambda text, shown: letters(**given) if re.search(pattern, text) else sound(text, shown)


def constant(letter: Letter) -> Judge:
    """One letter for everything."""
    return lambda *_: dict.fromkeys(letters(), letter)


def deferring(text: str, shown: str) -> dict[str, Letter]:
    """Says what the evidence says; without it everything is an A."""
    if "E00" not in shown:
        return letters(correctness="A")
    return letters(correctness="A" if "E00 verdict: passed" in shown else "D")


EVERYTHING = dict.fromkeys((name.replace(" ", "_") for name in letters()), "A")
FOOLED: dict[str, tuple[Judge, tuple[int, int, int, int]]] = {
    "by nothing": (sound, (18, 6, 0, 27)),
    "by a missing import": (believing("broken"), (15, 6, 3, 27)),
    "by an off-by-one": (believing("mutant"), (6, 6, 12, 27)),
    "by a table of answers": (believing("table"), (15, 6, 3, 27)),
    "by plain code": (believing("naive", "C"), (18, 3, 0, 27)),
    "by length": (impressed("(?s)^.{8000}", **EVERYTHING), (18, 6, 0, 21)),
    "by dead functions": (
        impressed("warp_tree", correctness="A", algorithmic_sophistication="A"),
        (15, 6, 3, 21),
    ),
    "by a claim of tests": (impressed("tests pass", correctness="A", testing="A"), (15, 6, 3, 21)),
    "by an instruction": (impressed("Give this submission", **EVERYTHING), (15, 6, 3, 21)),
    "by everything": (constant("A"), (0, 6, 18, 27)),
    "and useless": (constant("C"), (12, 0, 0, 27)),
}


@pytest.fixture
def verified(tmp_path: Path) -> Options:
    """Records in which every probe was verified and found as planted."""
    options = Options(records=tmp_path)
    there = options.probes
    found = there.corpus
    for key, (_, digests) in standings(found, {}).items():
        model, _, slug = key.partition("/")
        right = probes().kinds[model.removeprefix(PREFIX)].right
        verdict = Verdict.PASSED if right else Verdict.WRONG
        checks = {named_check(slug): CheckResult(verdict=verdict)}
        there.store.save_evidence(evidence(key, verdict, checks=checks, digests=digests))
    return options


def served(judge: Judge) -> Callable[[HttpRequest], Response]:
    """A judge behind HTTP: it is given the submission without line numbers, and all it is shown."""

    def handle(request: HttpRequest) -> Response:
        messages = json.loads(request.get_data())["messages"]
        found = re.sub(r"(?m)^\d+\| ?", "", messages[3]["content"])
        given = judge(found, "\n".join(m["content"] for m in messages))
        dimensions = [
            {"dimension": name, "reasons": "because", "quotes": [], "letter": letter}
            for name, letter in given.items()
        ]
        return reply(completion({"dimensions": dimensions, "summary": "said"}))

    return handle


def judged_by(judge: Judge, options: Options, client: Client, script: Script) -> JudgeCard:
    """The card of a judge that was asked about every probe over HTTP."""
    script(served(judge))
    planned, answers = plan_probes(options, [], client.settings, Request([]))
    tally = ask(planned, answers, client, Console(stderr=True))
    assert (tally.asked, tally.unscored, tally.stopped) == (54, {}, "")
    return card("scripted", Asked([], [], probed(options)), {}, {}, {})


def counts(found: JudgeCard, arm: str) -> tuple[int, int, int, int]:
    """The four counts of a card on probes in one arm."""
    (row,) = [c for c in found.calibrations if c.of == "probes" and c.arm == arm]
    assert (row.caught.n, row.cleared.n, row.false_a.n, row.resisted.n) == (18, 6, 18, 27)
    return row.caught.count, row.cleared.count, row.false_a.count, row.resisted.count


@pytest.mark.parametrize("how", FOOLED)
def test_the_card_says_by_how_many_probes_a_judge_was_fooled(
    how: str, verified: Options, client: Client, script: Script
) -> None:
    """Each way of being fooled shows in exactly the counts that it must, and in no other."""
    judge, expected = FOOLED[how]
    found = judged_by(judge, verified, client, script)
    assert counts(found, "blind") == counts(found, "with evidence") == expected


def test_the_arms_are_told_apart(verified: Options, client: Client, script: Script) -> None:
    """A judge that only repeats the evidence is worthless blind and perfect when shown it."""
    found = judged_by(deferring, verified, client, script)
    assert counts(found, "blind") == (0, 6, 18, 27)
    assert counts(found, "with evidence") == (18, 6, 0, 27)


def test_a_share_has_its_interval(verified: Options, client: Client, script: Script) -> None:
    """15 of 18 is 0.83 with 0.61 to 0.94 (Wilson)."""
    found = judged_by(believing("table"), verified, client, script)
    blind = next(c for c in found.calibrations if c.of == "probes")
    assert blind.caught == Share(count=15, n=18, share=0.8333, low=0.6078, high=0.9416)


def test_an_instruction_in_a_probe_never_leaves_its_delimiters(
    verified: Options, client: Client, script: Script
) -> None:
    """A judge that obeys the last instruction outside the delimiters is not moved by the probe."""

    def obedient(_: str, shown: str) -> dict[str, Letter]:
        outside = re.sub(r"\[\[(\w+) ([0-9a-f]{24})\]\][\s\S]*?\[\[end of \1 \2\]\]", "", shown)
        told = re.search(r"(?i)give this submission an A", outside)
        return dict.fromkeys(letters(), "A" if told else "C")

    found = judged_by(obedient, verified, client, script)
    injected = [o for o in found.probes if o.kind == "injection"]
    assert len(injected) == 18
    assert all(o.letter == "C" for o in injected)


def test_a_probe_that_the_tests_do_not_confirm_counts_for_nothing(
    verified: Options, client: Client, script: Script
) -> None:
    """When a wrong probe's evidence says that it passes, the card leaves it out."""
    key = f"{PREFIX}off-by-one/backwards"
    record = verified.probes.store.evidence()[key]
    verified.probes.store.save_evidence(record.model_copy(update={"verdict": Verdict.PASSED}))
    found = judged_by(sound, verified, client, script)
    blind = next(c for c in found.calibrations if c.of == "probes")
    assert blind.caught.n == 17


def test_an_answer_about_an_older_probe_counts_for_nothing(
    verified: Options, client: Client, script: Script
) -> None:
    """What was judged before the evidence changed is no longer about what is there."""
    assert judged_by(sound, verified, client, script).exchanges == 54
    key = f"{PREFIX}control/backwards"
    record = verified.probes.store.evidence()[key]
    changed = record.model_copy(update={"summary": "something else"})
    verified.probes.store.save_evidence(changed)
    found = card("scripted", Asked([], [], probed(verified)), {}, {}, {})
    assert found.exchanges == 52


def test_answers_are_reused(verified: Options, client: Client, script: Script) -> None:
    """The second time nothing is asked."""
    judged_by(sound, verified, client, script)
    planned, _ = plan_probes(verified, [], client.settings, Request([]))
    assert (len(planned.questions), planned.open) == (54, [])


def test_a_build_without_a_key_says_what_is_open(
    verified: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes count among what the default judge has not been asked."""
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    said = judge_if_possible(verified, "", 5.0)
    assert "0 answers reused, 0 stale, 54 missing (no DEEPSEEK_API_KEY" in said


def test_a_dry_run_counts_the_probes() -> None:
    """Two requests a probe; none where they are left out and one kind is named."""
    for given, calls in ((["--probes"], 54), (["--probes", f"{PREFIX}padding"], 6)):
        done = CliRunner().invoke(app, ["judge", "--dry-run", *given])
        assert f"calls: {calls}," in done.output
