"""The page that compares graders, made from records, and the card of a judge beside it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from generator.data import (
    CheckResult,
    Corpus,
    Evidence,
    Exchange,
    JudgedRun,
    Letter,
    Results,
    Verdict,
)
from generator.discover import corpus
from generator.gather import gather
from generator.judge.grading import seen_digest
from generator.records import Store
from generator.render import Invocation, stale
from generator.render.pages import compared, data, judge, methodology
from generator.render.site import Site
from tests import made
from tests.judge.conftest import GRADE

ROOT = Path(__file__).resolve().parents[2]
OWN = Invocation(Path("docs/records"))
PUBLISHED = """{judge: J, date: '2026-01-01', source: s, executed_the_code: false,
  matrix: {backwards: {alpha: A, beta: B}}}"""
SCORES = """{judge: K, date: '2026-01-01', scale: 0 to 100, executed_the_code: false, scores: [
  {round: 1, model: alpha, challenge: backwards, score: 88},
  {round: 2, model: alpha, challenge: backwards, score: 78}]}"""
CASES = {"alpha": Verdict.PASSED, "beta": Verdict.WRONG}
NONE = "\N{EN DASH}no grade"


def said(letter: Letter, key: str) -> Exchange:
    """A reply that gives every dimension this letter."""
    body = {**GRADE, "dimensions": [{**d, "letter": letter} for d in GRADE["dimensions"]]}  # type: ignore[dict-item]
    return made.exchange(key, json.dumps(body))


def evidence(model: str) -> Evidence:
    """A run with one check of the verdict that the model is to have."""
    checks = {"forward": CheckResult(verdict=CASES[model])}
    return made.evidence(f"{model}/backwards", CASES[model], checks=checks)


@pytest.fixture
def found(tmp_path: Path) -> Corpus:
    """Two models with a run each."""
    for model in CASES:
        folder = tmp_path / "runs" / model / "backwards"
        folder.mkdir(parents=True)
        (folder / "k.py").write_text("def layer_norm_forward(x, gamma, beta, eps): ...\n")
    return corpus(ROOT, tmp_path / "runs")


def judged(judge: str, found: Corpus, model: str, repeats: str, blind: str) -> JudgedRun:
    """A record of a judge that was shown what is there now; a word is a list of letters."""
    run, challenge = found.runs[f"{model}/backwards"], found.challenges["backwards"]
    parts = {f"repeat-{i}": x for i, x in enumerate(repeats)}
    parts |= {f"blind-{i}": x for i, x in enumerate(blind)}
    return JudgedRun(
        judge=judge,
        model=model,
        challenge="backwards",
        exchanges={part: said(letter, part) for part, letter in parts.items()},  # type: ignore[arg-type]
        seen=seen_digest(run, challenge, evidence(model)),
    )


def gathered(found: Corpus, folder: Path, *records: JudgedRun) -> Results:
    """Results from records on disk: published letters, earlier scores, evidence, and judges."""
    store = Store(folder)
    (folder / "published").mkdir(parents=True)
    (folder / "published" / "grades.yaml").write_text(PUBLISHED)
    (folder / "published" / "scores.yaml").write_text(SCORES)
    for record in records:
        store.save_judged_run(record)
    known = {f"{m}/backwards": evidence(m) for m in CASES}
    return gather(found, store, known, dict.fromkeys(known, "current"))


def table(page: str, caption: str) -> list[list[str]]:
    """The rows of the table whose caption holds these words, each cell as plain text."""
    (found,) = [t for t in re.findall(r"(?s)<table.*?</table>", page) if caption in t]
    rows = re.findall(r"(?s)<tr.*?</tr>", found)
    cells = [re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[plain(cell) for cell in row] for row in cells]


def plain(cell: str) -> str:
    """The text of a cell, with hyphens for minus signs."""
    text = unescape(re.sub(r"<[^>]+>", "", cell)).replace("\N{MINUS SIGN}", "-")
    return " ".join(text.split())


def page_of(results: Results) -> str:
    """The text of the page."""
    (made,) = compared.pages(Site(results))
    return made.text


def test_every_graders_letter_stands_beside_the_others(found: Corpus, tmp_path: Path) -> None:
    """Old and new, the median with its repeats, blind apart, and the distance between the ends."""
    records = (
        judged("zeta", found, "alpha", "ACB", "D"),
        judged("zeta", found, "beta", "AAA", ""),
        judged("eta", found, "alpha", "C", ""),
    )
    rows = table(page_of(gathered(found, tmp_path / "records", *records)), "differ most")
    assert rows == [
        [
            *("Model", "Challenge", "Published", "Published scores", "Evidence"),
            *("eta", "zeta", "zeta, blind", "Tests", "Steps", "Best and worst"),
        ],
        [
            *("beta", "Layer Norm Backward", "B", NONE, "F", NONE),
            *("C+", NONE, "wrong", "8", "published over evidence"),
        ],
        [
            *("alpha", "Layer Norm Backward", "A", "B 88, 78", "A", "B-"),
            *("B+ A, B-, B+", "D", "passes", "4", "published, evidence over eta"),
        ],
    ]


def test_how_far_graders_agree(found: Corpus, tmp_path: Path) -> None:
    """Each pair by what both graded; a pair without a common run is said to have none."""
    records = (judged("zeta", found, "beta", "A", ""), judged("eta", found, "alpha", "A", ""))
    rows = table(page_of(gathered(found, tmp_path / "records", *records)), "Krippendorff")
    names = rows[0][1:]
    cells = {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows[1:]}
    assert cells["Evidence"]["Published"] == cells["Published"]["Evidence"]
    assert cells["Evidence"]["Published"].endswith("1 of 2 alike, 4.00 steps")
    assert cells["Published scores"]["eta"] == "no alpha 0 of 1 alike, 3.00 steps"
    assert cells["eta"]["zeta"] == "none shared"
    assert cells["zeta"]["zeta"] == ""


def test_without_a_judge_the_page_has_the_old_graders(found: Corpus, tmp_path: Path) -> None:
    """Published, earlier scores and evidence are compared before any judge has run."""
    page = page_of(gathered(found, tmp_path / "records"))
    assert table(page, "differ most")[0][2:5] == ["Published", "Published scores", "Evidence"]
    assert "No language model has graded these runs here yet" in page


def test_a_stale_opinion_is_no_letter(found: Corpus, tmp_path: Path) -> None:
    """What a judge said of other files is ungraded, and counts for no distance."""
    old = judged("zeta", found, "alpha", "F", "").model_copy(update={"seen": "other"})
    rows = table(page_of(gathered(found, tmp_path / "records", old)), "differ most")
    assert rows[2][5] == "ungraded"
    assert rows[2][-2:] == ["3", "published, evidence over published scores"]


def test_the_table_reads_sorts_and_filters(found: Corpus, tmp_path: Path) -> None:
    """It is a plain table with a caption; letters sort by their points."""
    page = page_of(gathered(found, tmp_path / "records"))
    assert 'data-sortable="compared" data-filter' in page
    assert page.count("<caption>") == 2
    assert '<td data-value="4.0"><b class="kb-letter">A</b></td>' in page


def test_a_card_shows_its_calibration_and_every_probe(calm: Results) -> None:
    """Counts with their intervals, and what became of each expectation in both arms."""
    (made,) = judge.pages(Site(calm))
    shares = ["83 %, 15 of 18 (10 to 90 %)", "100 %, 6 of 6 (10 to 90 %)"]
    shares += ["17 %, 3 of 18 (10 to 90 %)", "74 %, 20 of 27 (10 to 90 %)"]
    assert table(made.text, "Sensitivity")[1] == ["Planted probes", "files alone", *shares]
    (_, row) = table(made.text, "One row for each thing")
    assert row[3:] == ["not above its control", "A / C", "not held", "A", "not judged"]
    assert table(made.text, "what the tests say of them")[1][0] == "padding"


def test_without_a_judge_the_card_page_says_so(calm: Results) -> None:
    """No card: nobody has graded, and nobody has been asked about the probes."""
    (made,) = judge.pages(Site(calm.model_copy(update={"cards": {}})))
    assert "None has graded these runs yet" in made.text
    assert "No judge has been asked about them yet" in made.text


def test_the_method_tells_what_a_judge_has_been_asked(calm: Results) -> None:
    """Grading blind is told as done only where it has been, with how often."""
    (asked,) = methodology.pages(Site(calm))
    assert "files alone (none so far)" in asked.text and "and blind (1 so far)" in asked.text
    assert "None has been asked" not in asked.text
    (unasked,) = methodology.pages(Site(calm.model_copy(update={"cards": {}})))
    assert "None has been asked about these runs yet" in unasked.text
    assert "files alone (none so far)" in unasked.text and "blind (none so far)" in unasked.text


def test_the_method_counts_its_kinds_of_statement(calm: Results) -> None:
    """The heading says as many as the list has."""
    (made,) = methodology.pages(Site(calm))
    listed = made.text.split("{ #statements }")[1].split("\n## ")[0]
    assert "## Four kinds of statement" in made.text and listed.count("\n- **") == 4


def test_probes_and_agreement_can_be_downloaded(calm: Results) -> None:
    """The tables behind the two pages, a row for each expectation and for each pair of graders."""
    made = {page.path: page.text for page in data.pages(Site(calm))}
    rows = json.loads(made["data/probes.json"])
    assert [(r["judge"], r["arm"], r["expected"], r["letter"], r["held"]) for r in rows] == [
        ("judge", "blind", "not above its control", "A", False),
        ("judge", "with evidence", "not above its control", "A", None),
    ]
    assert json.loads(made["data/agreements.json"])[0]["same"] == 1


def test_a_probe_that_is_not_as_planted_is_named(calm: Results, tmp_path: Path) -> None:
    """`build --check` complains about a right probe that fails and about one without a record."""
    (probe,) = calm.probes
    for verdict, says in ((Verdict.WRONG, "wrong"), (None, "no current record")):
        odd = calm.model_copy(update={"probes": (probe.model_copy(update={"verdict": verdict}),)})
        line = f"docs/records/probes: padding/one: {says}, planted as right"
        assert any(found.startswith(line) for found in stale(odd, tmp_path, OWN))
    assert not any("probes" in found for found in stale(calm, tmp_path, OWN))
