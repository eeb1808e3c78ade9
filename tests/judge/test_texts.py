"""Analyses and profiles over a scripted server: asked after grades, kept, marked, replayed."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request as HttpRequest
from werkzeug import Response

from generator.answers import Answers
from generator.build import unsourced
from generator.data import Corpus, Evidence, Results, Status, Told, Verdict
from generator.gather import gather
from generator.judge.client import Client
from generator.judge.session import Tally, estimate
from generator.judging import Plan, Request, judge, plan
from generator.records import Store
from generator.render.pages import all_pages
from generator.render.site import Site
from tests.judge.conftest import GRADE, completion, evidence_of, reply

Script = Callable[..., list[dict[str, Any]]]
GOOD = "{{a.name}} has {{a.checks_passed}} of {{a.checks_tested}} checks right."


def is_text(body: dict[str, Any]) -> bool:
    """Whether a request asks for a text."""
    return body["messages"][0]["content"].startswith("You write short texts")


def writer(text: str = GOOD, *repaired: str, **more: Any) -> Callable[[HttpRequest], Response]:
    """A judge that grades B and writes `text`; sent back once, it writes `repaired`.

    In a profile, the placeholders of contestant a are those of the one challenge.
    """

    def answer(request: HttpRequest) -> Response:
        body = json.loads(request.get_data())
        if not is_text(body):
            return reply(completion(GRADE))
        again = len(body["messages"]) > 3 and body["messages"][-2]["role"] == "assistant"
        words = repaired[0] if again and repaired else text
        if "profile" in str(body["messages"][-1 if not again else -3]["content"])[:60]:
            words = words.replace("{{a.", "{{backwards.")
        return reply(completion({"paragraphs": [{"topic": "result", "text": words, **more}]}))

    return answer


def planned(
    found: Corpus, store: Store, client: Client, evidence: dict[str, Evidence], **more: Any
) -> tuple[Plan, Answers]:
    """What is to be asked: a grade each and the texts."""
    answers = Answers("scripted", store)
    request = replace(Request(list(found.runs), repeats=1, blind=0, duels=False), **more)
    return plan(found, evidence, answers, client.settings, request), answers


def session(
    found: Corpus,
    store: Store,
    client: Client,
    evidence: dict[str, Evidence] | None = None,
    **more: Any,
) -> Tally:
    """Ask all that is open; the evidence is on disk too."""
    evidence = evidence or evidence_of(found)
    for record in evidence.values():
        store.save_evidence(record)
    made, answers = planned(found, store, client, evidence, **more)
    return judge(made, answers, client, lambda _: None)


def results(found: Corpus, store: Store) -> Results:
    """What the pages are made from, by the records alone."""
    fresh = Store(store.folder)
    return gather(found, fresh, fresh.evidence(), dict.fromkeys(found.runs, "current"))


def said(text: Told) -> str:
    """A text as it is read."""
    return " ".join("".join(s.text for s in p.spans) for p in text.paragraphs)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty folder of records."""
    return Store(tmp_path / "records")


def test_texts_are_asked_after_the_grades_and_then_reused(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """One analysis and two profiles, each shown the grades; a second session asks nothing."""
    log = script(writer())
    assert session(found, store, client).asked == len(log) == 2 + 3
    assert [is_text(body) for body in log] == [False, False, True, True, True]
    assert all("your grade: " in json.dumps(body) for body in log[2:])
    before = {f: f.read_bytes() for f in sorted(store.folder.rglob("*.json"))}
    again = session(found, store, client)
    assert (again.asked, again.reused) == (0, 5)
    assert before == {f: f.read_bytes() for f in sorted(store.folder.rglob("*.json"))}
    kept = {str(f.relative_to(store.folder)) for f in before}
    assert {
        "analyses/scripted/backwards.json",
        "profiles/scripted/plain.json",
        "profiles/scripted/sly.json",
    } <= kept


def test_no_text_request_names_a_model(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """The judge is shown contestants A and B; the page is shown their names."""
    log = script(writer())
    session(found, store, client)
    texts = [json.dumps(body["messages"]) for body in log if is_text(body)]
    assert not [t for t in texts if re.search(r"\b(plain|sly)\b", t)]
    assert [t for t in texts if "contestant A" in t and "contestant B" in t]  # asked side by side
    (text,) = [t for t in results(found, store).told if t.kind == "analysis"]
    assert set(text.contestants.values()) == {"plain", "sly"}
    name = text.contestants["contestant A"]
    assert said(text) == f"{name} has 1 of 2 checks right."


def test_no_texts_leaves_them_out(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Without texts only the grades are asked."""
    log = script(writer())
    assert session(found, store, client, texts=False).asked == len(log) == 2


def test_a_text_waits_until_all_its_runs_are_graded(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Asked about one of two models, a judge writes its profile and leaves the analysis open."""
    script(writer())
    tally = session(found, store, client, keys=["sly/backwards"])
    assert tally.asked == 2
    assert [(t.kind, t.subject) for t in store.judged_texts()] == [("profile", "sly")]
    assert session(found, store, client).asked == 3


def test_a_dry_run_counts_texts_before_there_are_grades(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """The estimate has every call, and no fewer tokens than were then sent."""
    script(writer())
    made, _ = planned(found, store, client, evidence_of(found))
    before = estimate(made.open, client)
    assert before.calls == 2 + 3
    session(found, store, client)
    made, _ = planned(found, store, client, evidence_of(found))
    sent = estimate(made.questions, client)
    assert (sent.calls, made.open) == (5, [])
    assert sent.tokens <= before.tokens


@pytest.mark.parametrize(
    ("text", "fault"),
    [("All 42 checks.", "42 (a number"), ("At {{a.speed}}.", "{{a.speed}} (names no fact)")],
)
def test_what_has_no_source_is_shown_marked_and_named(
    found: Corpus, client: Client, script: Script, store: Store, text: str, fault: str
) -> None:
    """It stands on its page with a mark, and the build's line names record, field and value."""
    script(writer(text))
    assert not session(found, store, client).unscored
    made = results(found, store)
    lines = [line for line in unsourced(made, store) if "analyses" in line]
    assert len(lines) == 1
    assert f"analyses/scripted/backwards.json: paragraphs.0.text: {fault}" in lines[0]
    page = {p.path: p.text for p in all_pages(Site(made))}["challenges/backwards.md"]
    assert 'class="kb-own"' in page


def test_the_card_counts_texts_and_what_in_them_has_a_source(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Their requests and cost are the judge's, and so are its quotes and its own numbers."""
    quote = {"where": "a.E01", "text": "forward: passed"}
    script(writer("All 42 checks.", quotes=[quote]))
    session(found, store, client)
    card = results(found, store).cards["scripted"]
    asked = [e for t in store.judged_texts() for e in t.exchanges.values()]
    assert (card.exchanges, card.texts) == (2 + 3, 3)
    assert card.cost > sum(e.cost for e in asked) > 0
    assert (card.sourced.count, card.sourced.n) == (0, 3)
    assert (card.quotes.count, card.quotes.n) == (1, 3)


def test_a_quote_leads_to_the_check_that_it_is_from(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """On the page it stands under the contestant's name, linked to the run's own page."""
    script(writer(quotes=[{"where": "a.E02", "text": "input_gradient: wrong"}]))
    session(found, store, client)
    made = results(found, store)
    (text,) = [t for t in made.told if t.kind == "analysis"]
    (quote,) = text.paragraphs[0].quotes
    assert (quote.found, quote.check) == (True, "input_gradient")
    assert quote.where == f"{quote.run.partition('/')[0]}, input_gradient"
    page = {p.path: p.text for p in all_pages(Site(made))}["challenges/backwards.md"]
    assert f'href="../../runs/{quote.run}/#check-input_gradient"' in html.unescape(page)


def test_a_judge_is_asked_once_to_mend_its_numbers(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """The objection is sent back with the reply; what it then writes is kept."""
    log = script(writer("All 42 checks.", GOOD))
    session(found, store, client, keys=["sly/backwards"])
    assert "42 (a number" in log[-1]["messages"][-1]["content"]
    (record,) = store.judged_texts()
    assert "42" not in record.exchanges["text"].reply
    assert len(record.exchanges["text"].attempts) == 2
    assert not unsourced(results(found, store), store)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (completion("nonsense"), Status.UNPARSABLE),
        (completion({"paragraphs": []}), Status.UNPARSABLE),
        (completion({"paragraphs": [{"topic": "praise", "text": "x"}]}), Status.UNPARSABLE),
        (completion(None, refusal="no"), Status.REFUSED),
        (completion("{", finish="length"), Status.TRUNCATED),
        (completion("  "), Status.EMPTY),
    ],
)
def test_a_reply_that_cannot_be_used_is_said_and_asked_again(
    found: Corpus,
    client: Client,
    script: Script,
    store: Store,
    body: dict[str, Any],
    status: Status,
) -> None:
    """The page says that there is no text and why; the next session asks again."""

    def broken(request: HttpRequest) -> Response:
        text = is_text(json.loads(request.get_data()))
        return reply(body) if text else reply(completion(GRADE))

    script(broken)
    tally = session(found, store, client, keys=["sly/backwards"])
    assert list(tally.unscored) == ["sly text"]
    (text,) = results(found, store).told
    assert text.why.startswith(f"not written: {status}")
    assert text.paragraphs == ()
    assert session(found, store, client, keys=["sly/backwards"]).asked == 1


def test_instructions_and_markup_reach_no_page_as_such(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Hostile words of a judge are shown as words, whatever braces and tags are in them."""
    hostile = (
        "{{a.name}} <script>alert(1)</script> [x](javascript:y) **b** {% raw %} `c` {{a.failed}}"
    )
    where = {"where": "<i>a.E01", "text": "<b>{{a.name}}</b>"}
    script(writer(hostile, quotes=[where]))
    session(found, store, client)
    pages = {p.path: p.text for p in all_pages(Site(results(found, store)))}
    for path in ("challenges/backwards.md", "models/sly.md"):
        told = pages[path].partition('class="kb-told"')[2].partition("</section>")[0]
        assert "alert" in told and "input" in told
        assert not [bad for bad in ("<script", "](java", "**b", "{%", "{{", "<i>") if bad in told]


def test_what_a_submission_says_in_braces_is_no_placeholder(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Evidence with a placeholder in it is quoted as it is."""
    summary = "ok {{a.grade}}\nE01 forward: passed 99 times"
    evidence = {
        key: e.model_copy(update={"summary": summary}) for key, e in evidence_of(found).items()
    }
    lie = {"where": "a.E01", "text": "forward: passed 99 times"}
    script(writer("99 times. {{a.verdict}}", quotes=[lie]))
    session(found, store, client, evidence)
    (text,) = [t for t in results(found, store).told if t.kind == "analysis"]
    assert [q.found for q in text.paragraphs[0].quotes] == [False]
    assert text.faults[0].startswith("paragraphs.0.text: 99")


def test_a_text_is_stale_when_a_verdict_changes(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Its words are not shown any more, the page says why, and it is open again."""
    script(writer())
    session(found, store, client)
    passing = {
        key: e.model_copy(update={"verdict": Verdict.PASSED})
        for key, e in evidence_of(found).items()
    }
    for record in passing.values():
        store.save_evidence(record)
    told = results(found, store).told
    assert len(told) == 3 and all(t.why.startswith("stale") and not t.paragraphs for t in told)
    made, _ = planned(found, store, client, passing)
    assert (len(made.open), made.stale) == (5, 5)


def test_the_same_records_give_the_same_pages_without_a_key(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """Golden replay: pages made from the records alone are the same bytes, and ask nobody."""
    log = script(writer())
    session(found, store, client)
    asked = len(log)
    first, second = (
        {p.path: p.text for p in all_pages(Site(results(found, store)))} for _ in range(2)
    )
    assert first == second
    assert len(log) == asked
    assert "checks right" in first["challenges/backwards.md"]
    assert "checks right" in first["models/sly.md"]


def test_a_secret_in_a_text_is_neither_kept_nor_shown(
    found: Corpus, client: Client, script: Script, store: Store
) -> None:
    """What a judge repeats of a key is taken out before it is written."""
    secret = "ghp_" + "a1" * 18
    script(writer(f"Its key is {secret}."))
    session(found, store, client)
    assert not [f for f in store.folder.rglob("*.json") if secret in f.read_text()]
    pages = [p.text for p in all_pages(Site(results(found, store)))]
    assert not [text for text in pages if secret in text]
