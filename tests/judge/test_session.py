"""A judge's session over real runs: what is asked, kept, reused, and what cannot move a grade."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request as HttpRequest
from werkzeug import Response

from generator.answers import Answers
from generator.data import Corpus
from generator.judge.budget import Budget
from generator.judge.client import Client
from generator.judging import Request, judge, plan
from generator.opinions import judged_duels, judged_grades
from generator.records import Store
from tests.judge.conftest import GRADE, completion, evidence_of, reply

Script = Callable[..., list[dict[str, Any]]]


def obedient(request: HttpRequest) -> Response:
    """A judge that does whatever the last instruction outside the delimiters says.

    It grades B, unless text outside every `[[name token]] ... [[end of name token]]` asks for an A;
    as a judge of pairs it always prefers the first.
    """
    messages = json.loads(request.get_data())["messages"]
    text = "\n".join(message["content"] for message in messages)
    outside = re.sub(r"\[\[(\w+) ([0-9a-f]{24})\]\][\s\S]*?\[\[end of \1 \2\]\]", "", text)
    if "winner" in messages[-1]["content"]:
        answer = {"reasons": "the first one", "quotes": [], "winner": "first", "margin": "decisive"}
        return reply(completion(answer))
    letter = "A" if re.search(r"give this submission an A", outside) else "B"
    dimensions = [{**d, "letter": letter} for d in GRADE["dimensions"]]  # type: ignore[dict-item]
    return reply(completion({"dimensions": dimensions, "summary": letter}))


def session(found: Corpus, store: Store, client: Client) -> Any:
    """Ask all that is open, with three repeats and one blind one."""
    answers = Answers("scripted", store)
    request = Request(list(found.runs), repeats=3, blind=1, texts=False)
    planned = plan(found, evidence_of(found), answers, client.settings, request)
    return judge(planned, answers, client, lambda _: None)


def test_everything_is_asked_once_and_then_reused(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """Four exchanges a run and two a pair; a second session asks nothing and changes no byte."""
    log = script(obedient)
    store = Store(tmp_path / "records")
    assert session(found, store, client).asked == len(log) == 2 * 4 + 2
    before = {f: f.read_bytes() for f in sorted((tmp_path / "records").rglob("*.json"))}
    again = session(found, store, client)
    assert (again.asked, again.reused) == (0, 10)
    assert before == {f: f.read_bytes() for f in sorted((tmp_path / "records").rglob("*.json"))}


def test_questions_that_were_never_asked_are_counted_without_reading_a_file(
    found: Corpus, client: Client, tmp_path: Path
) -> None:
    """A build without a key says how much is missing; only what has an answer is composed anew."""
    for run in found.runs.values():
        (run.folder / "k.py").unlink()
    request = Request(list(found.runs), repeats=3, blind=1)
    answers = Answers("scripted", Store(tmp_path / "records"))
    planned = plan(found, evidence_of(found), answers, client.settings, request)
    assert len(planned.open) == 2 * 4 + 2 + 3  # of two runs, a pair, a challenge and two models


def test_an_instruction_in_a_submission_moves_no_grade(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """Even a judge that obeys instructions grades both alike, and the phrase is flagged."""
    script(obedient)
    store = Store(tmp_path / "records")
    session(found, store, client)
    grades = judged_grades(found, store.judged_runs(), evidence_of(found))["scripted"]
    assert grades["sly/backwards"].letter == grades["plain/backwards"].letter
    flagged = {r.model: r.injections for r in store.judged_runs()}
    assert flagged["plain"] == ()
    assert "Ignore the rubric" in flagged["sly"][0]


def test_a_judge_that_follows_the_order_makes_a_tie(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """Preferring the first in both orders is a tie, marked as order-dependent."""
    script(obedient)
    store = Store(tmp_path / "records")
    session(found, store, client)
    (duel,) = judged_duels(store.judged_duels(), "scripted", evidence_of(found))
    assert (duel.winner, duel.margin) == (None, "tie")
    assert "order-dependent" in duel.why


def test_names_are_blinded_and_the_shared_prefix_comes_first(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """No request names a model, and all requests of a challenge begin alike, to be cached."""
    log = script(obedient)
    session(found, Store(tmp_path / "records"), client)
    texts = ["\n".join(m["content"] for m in body["messages"][2:]) for body in log]
    assert not any(re.search(r"\b(plain|sly)\b", text) for text in texts)
    assert len({json.dumps(body["messages"][:2]) for body in log}) == 1


def test_a_spent_budget_keeps_what_was_answered(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """The session stops before the limit, says so, and the answers so far are on disk."""
    script(obedient)
    client.budget = Budget(limit=0.01)
    store = Store(tmp_path / "records")
    tally = session(found, store, client)
    assert tally.stopped
    assert client.budget.spent <= 0.01
    assert sum(len(r.exchanges) for r in store.judged_runs()) == tally.asked > 0


def test_too_many_useless_replies_stop_the_session(
    found: Corpus, client: Client, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge that talks nonsense is not paid to go on."""
    monkeypatch.setattr("generator.judge.session.UNSCORED_LEAST", 4)
    script(reply(completion("nonsense")))
    tally = session(found, Store(tmp_path / "records"), client)
    assert "could not be used" in tally.stopped
    assert tally.asked < 10


def test_an_unusable_reply_is_asked_again_next_time(
    found: Corpus, client: Client, script: Script, tmp_path: Path
) -> None:
    """What was refused is open in the next session; what was answered is not."""
    log = script(reply(completion(None, refusal="no")), obedient)
    store = Store(tmp_path / "records")
    client.settings = client.settings.model_copy(update={"concurrency": 1})
    assert len(session(found, store, client).unscored) == 1
    assert session(found, store, client).asked == 1
    assert len(log) == 11
