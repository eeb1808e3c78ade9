"""A judge's text: numbers come from the table of facts, and what has no source is marked."""

from __future__ import annotations

import pytest

from generator.data import (
    CaseResult,
    CheckResult,
    Corpus,
    Evidence,
    Fact,
    Finding,
    Grade,
    Paragraph,
    QuotedReason,
    TextReply,
    Verdict,
)
from generator.judge.facts import basis, facts
from generator.judge.filling import faults, filled, spans
from generator.judge.subjects import Subject, subjects
from tests.judge.conftest import evidence_of

TABLE = {
    "passing": Fact(name="passing", value="3", says="how many pass"),
    "a.name": Fact(name="a.name", value="<b>{{passing}}</b>", says="its name"),
}


def made(text: str, quoted: str = "") -> list[tuple[str, str]]:
    """The kinds and texts of a text's pieces."""
    return [(span.kind, span.text) for span in spans(text, TABLE, quoted)]


def with_finding(evidence: Evidence, error: float) -> Evidence:
    """The evidence with a measured error in its failing check."""
    finding = Finding(name="dx", ok=False, error=error, bound=1e-6)
    case = CaseResult(case="tall", verdict=Verdict.WRONG, seconds=0, findings=(finding,))
    checks = {**evidence.checks, "input_gradient": CheckResult(verdict="wrong", cases=(case,))}
    return evidence.model_copy(update={"checks": checks})


def analysis(found: Corpus, evidence: dict[str, Evidence]) -> Subject:
    """The subject of the one challenge that was entered."""
    grade = Grade(
        grader="j", kind="judged", model="plain", challenge="backwards", letter="B+", why="fair"
    )
    known = subjects(found, evidence, {"plain/backwards": grade}, {})
    return next(s for s in known if s.kind == "analysis")


def test_a_placeholder_is_replaced_by_its_fact() -> None:
    """Spaces inside the braces do not matter, and the rest is left as it is."""
    assert made("So {{ passing }} pass.") == [("plain", "So "), ("fact", "3"), ("plain", " pass.")]


def test_a_value_is_never_read_again() -> None:
    """A placeholder or markup inside a value stays text: it is put in once, to be escaped."""
    assert made("{{a.name}}") == [("fact", "<b>{{passing}}</b>")]


def test_a_contestant_called_by_its_letter_is_named() -> None:
    """The name that the judge was shown is replaced too; an ordinary article is none."""
    assert made("Contestant A, each contestant a bit")[0] == ("fact", "<b>{{passing}}</b>")
    assert ("plain", ", each contestant a bit") in made("Contestant A, each contestant a bit")


@pytest.mark.parametrize("text", ["{{speed}}", "{{b.name}}", "{{ 7*7 }}", "{{}}", "{{passing"])
def test_what_names_no_fact_is_kept_and_marked(text: str) -> None:
    """A placeholder without a fact, or without an end, is shown as it was written."""
    assert made(f"x {text}") == [("plain", "x "), ("unknown", text)]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("42 checks fail", "42"),
        ("it takes 12ms", "12ms"),
        ("off by 1.5e-07", "1.5e-07"),
        ("about .5 of it", ".5"),
        ("three checks fail", "three"),
        ("Two of them fail", "Two"),
        ("all five pass", "five"),
        ("one of the seven", "seven"),
    ],
)
def test_a_number_of_its_own_is_marked(text: str, own: str) -> None:
    """Digits with or without a unit, and number words that count something."""
    assert ("own", own) in made(text)


@pytest.mark.parametrize("text", ["in float32", "a 2D tile", "its two passes", "one of us", "E03"])
def test_what_counts_nothing_is_no_number(text: str) -> None:
    """Names with digits and words that are ordinary English stand."""
    assert made(text) == [("plain", text)]


def test_a_number_stands_in_evidence_that_its_paragraph_quotes(found: Corpus) -> None:
    """A quote makes the numbers of its item available; one that is not there does not."""
    subject = analysis(found, evidence_of(found))
    quote = QuotedReason(where="a.E00", text="1 of 2 checks passed")
    wrong = quote.model_copy(update={"text": "9 of 9 checks passed"})
    for quotes, expected in (((quote,), 0), ((wrong,), 1), ((), 1)):
        text = Paragraph(topic="result", text="Of 2 checks some pass.", quotes=quotes)
        paragraphs = filled(TextReply(paragraphs=(text,)), subject, facts(subject))
        assert len(faults(paragraphs)) == expected
        assert [q.found for q in paragraphs[0].quotes] == [not expected] * len(quotes)


def test_a_fault_names_its_field_and_number(found: Corpus) -> None:
    """The line says which paragraph and what in it."""
    subject = analysis(found, evidence_of(found))
    texts = tuple(Paragraph(topic="result", text=text) for text in ("fine", "42 fail"))
    (fault,) = faults(filled(TextReply(paragraphs=texts), subject, facts(subject)))
    assert fault.startswith("paragraphs.1.text: 42 (")


def test_facts_are_those_of_the_records(found: Corpus) -> None:
    """Checks, verdicts, letters and the worst error with its bound, by contestant and together."""
    evidence = {key: with_finding(e, 3e-4) for key, e in evidence_of(found).items()}
    subject = analysis(found, evidence)
    table = {name: fact.value for name, fact in facts(subject).items()}
    plain = next(t for t, key in subject.runs.items() if key == "plain/backwards")
    sly = next(t for t, key in subject.runs.items() if key == "sly/backwards")
    assert (table["contestants"], table["passing"], table["failing"]) == ("2", "0", "2")
    assert (table["commonest_failure"], table["commonest_failure_count"]) == ("input_gradient", "2")
    shown = {n: table[f"{plain}.{n}"] for n in ("name", "verdict", "checks_passed", "failed")}
    assert shown == {
        "name": "plain", "verdict": "wrong", "checks_passed": "1", "failed": "input_gradient"
    }  # fmt: skip
    assert [table[f"{plain}.worst_{n}"] for n in ("error", "bound", "ratio", "of")] == [
        "0.0003", "1e-06", "300", "dx in input_gradient"
    ]  # fmt: skip
    assert table[f"{plain}.grade"] == "B+"
    assert f"{sly}.grade" not in table and f"{plain}.published" not in table


def test_the_judge_sees_no_name_in_the_table(found: Corpus) -> None:
    """Blind, a contestant's name is its letter; everything else is as it will be on the page."""
    subject = analysis(found, evidence_of(found))
    blind, open_ = facts(subject, blind=True), facts(subject)
    assert {n for n in blind if blind[n] != open_[n]} == {"a.name", "b.name"}
    assert blind["a.name"].value == "contestant A"


def test_numbers_change_with_the_records_and_words_go_stale_with_the_verdicts(
    found: Corpus,
) -> None:
    """Another seed changes an error and leaves the text current; another verdict makes it stale."""
    evidence = evidence_of(found)
    before, after = (
        analysis(found, {k: with_finding(e, error) for k, e in evidence.items()})
        for error in (3e-4, 5e-4)
    )
    text = TextReply(paragraphs=(Paragraph(topic="result", text="{{a.worst_ratio}} times"),))
    first = [filled(text, s, facts(s))[0].spans[0].text for s in (before, after)]
    assert first == ["300", "500"]
    assert basis(before) == basis(after)
    passing = {k: e.model_copy(update={"verdict": Verdict.PASSED}) for k, e in evidence.items()}
    assert basis(analysis(found, passing)) != basis(before)
