"""The client against a server that misbehaves in every way that servers do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug import Request, Response

from generator.data import Exchange, GradeReply, Status
from generator.judge.budget import Budget, OverBudget
from generator.judge.client import Client
from generator.judge.talk import JudgeStopped
from tests.judge.conftest import GRADE, completion, reply

Script = Callable[..., list[dict[str, Any]]]
ASK = [{"role": "user", "content": "grade this"}]


def test_a_good_reply_is_an_opinion_with_its_cost(client: Client, script: Script) -> None:
    """Reply, returned model, usage and cost are kept; the budget is charged what was used."""
    script(reply(completion(GRADE)))
    exchange = client.ask("k", ASK, GradeReply)
    assert (exchange.status, exchange.returned_model) == (Status.OK, "scripted-1")
    assert exchange.cost == pytest.approx(1000e-6 * 1 + 100e-6 * 2)
    assert client.budget.spent == pytest.approx(exchange.cost)
    assert client.budget.held == pytest.approx(0)


def test_a_fenced_reply_is_accepted(client: Client, script: Script) -> None:
    """JSON in a code fence is the same answer."""

    script(reply(completion(f"```json\n{json.dumps(GRADE)}\n```")))
    assert client.ask("k", ASK, GradeReply).status is Status.OK


@pytest.mark.parametrize(
    "bad",
    ["{not json", '{"dimensions": []}', '{"dimensions": [], "summary": "s", "letter": "A"}', "42"],
)
def test_a_reply_that_does_not_validate_is_sent_back_once(
    client: Client, script: Script, bad: str
) -> None:
    """One request for repair says what is wrong; a second bad reply is unscored, no bad grade."""
    log = script(reply(completion(bad)))
    exchange = client.ask("k", ASK, GradeReply)
    assert exchange.status is Status.UNPARSABLE
    assert len(log) == 2
    assert "not valid" in log[1]["messages"][-1]["content"]
    assert exchange.why


def test_a_repaired_reply_counts(client: Client, script: Script) -> None:
    """The second answer is taken when the first was broken."""
    script(reply(completion("{")), reply(completion(GRADE)))
    exchange = client.ask("k", ASK, GradeReply)
    assert exchange.status is Status.OK
    assert [a.outcome.split(":")[0] for a in exchange.attempts] == ["unparsable", "ok"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (completion(None, refusal="I will not"), Status.REFUSED),
        (completion("", finish="content_filter"), Status.REFUSED),
        (completion('{"dimen', finish="length"), Status.TRUNCATED),
        (completion("", finish="length", reasoning_content="long thoughts"), Status.TRUNCATED),
        (completion("   \n "), Status.EMPTY),
        (completion(None, reasoning_content="only thoughts"), Status.EMPTY),
        (completion(GRADE, finish="insufficient_system_resource"), Status.FAILED),
        ({"object": "chat.completion", "choices": []}, Status.FAILED),
    ],
)
def test_what_only_looks_like_success_is_told_apart(
    client: Client, script: Script, body: dict[str, Any], status: Status
) -> None:
    """Refused, truncated, empty, unknown finish reasons and no choices are never an opinion."""
    script(reply(body))
    assert client.ask("k", ASK, GradeReply).status is status


@pytest.mark.parametrize(
    "odd",
    [
        {"model": "\ud800"},
        {"usage": "many"},
        {"usage": {"prompt_tokens": -5, "completion_tokens": float("nan")}},
        {"usage": {"prompt_tokens": 10**400, "completion_tokens": "x"}},
        {"choices": [{"message": {"content": 5}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": "\ud800"}, "finish_reason": ["stop"]}]},
        {"choices": [{"message": {"content": None, "refusal": "\ud800"}, "finish_reason": "stop"}]},
        {"choices": [{"message": None}]},
        {"choices": {"message": {}}},
    ],
)
def test_what_keeps_to_no_form_stops_no_session(
    client: Client, script: Script, odd: dict[str, Any]
) -> None:
    """It is an exchange like any other, which can be kept, and takes nothing off what was spent."""
    script(reply(completion(GRADE) | odd))
    exchange = client.ask("k", ASK, GradeReply)
    assert Exchange.model_validate_json(exchange.model_dump_json()) == exchange
    assert exchange.cost >= 0


def test_content_in_parts_is_read(client: Client, script: Script) -> None:
    """Some servers send the reasoning and the text as a list."""
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": json.dumps(GRADE)}]
    choice = {"message": {"role": "assistant", "content": parts}, "finish_reason": "stop"}
    script(reply(completion(GRADE) | {"choices": [choice]}))
    assert client.ask("k", ASK, GradeReply).status is Status.OK


def test_html_instead_of_json_is_a_failure(client: Client, script: Script) -> None:
    """A captive portal answers 200 with a page; that is no completion."""
    script(Response("<html>hello</html>", 200, mimetype="text/html"))
    assert client.ask("k", ASK, GradeReply).status is Status.FAILED


def test_tool_calls_beside_the_content_are_ignored(client: Client, script: Script) -> None:
    """A server that adds a tool call to a good reply has still answered."""
    noise = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    script(reply(completion(GRADE, finish="tool_calls", tool_calls=noise)))
    assert client.ask("k", ASK, GradeReply).status is Status.OK


def test_retry_after_is_honoured(client: Client, script: Script, waits: list[float]) -> None:
    """HTTP 429 waits as long as the server asks, then the answer counts."""
    script(reply({"error": {"message": "slow"}}, 429, Retry_After="7"), reply(completion(GRADE)))
    assert client.ask("k", ASK, GradeReply).status is Status.OK
    assert waits == [7.0]


def test_server_errors_are_retried_with_back_off(
    client: Client, script: Script, waits: list[float]
) -> None:
    """Four attempts with growing waits, then failed with the reason; all are in the record."""
    script(reply({"error": {"message": "down"}}, 500))
    exchange = client.ask("k", ASK, GradeReply)
    assert exchange.status is Status.FAILED
    assert len(exchange.attempts) == 4
    assert len(waits) == 3
    assert waits[0] < waits[2]


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 422])
def test_hopeless_errors_stop_at_once(client: Client, script: Script, code: int) -> None:
    """No key, no balance, a bad request: one attempt, and the whole session stops."""
    log = script(reply({"error": {"message": "no"}}, code))
    with pytest.raises(JudgeStopped, match=str(code)):
        client.ask("k", ASK, GradeReply)
    assert len(log) == 1
    assert client.budget.held == pytest.approx(0)


def test_a_server_that_hangs_runs_into_the_time_limit(client: Client, script: Script) -> None:
    """A silent server costs the time-out of each attempt and ends as failed."""

    def hang(_: Request) -> Response:
        time.sleep(1.5)
        return reply(completion(GRADE))

    script(hang)
    exchange = client.ask("k", ASK, GradeReply)
    assert exchange.status is Status.FAILED
    assert "Timeout" in exchange.why or "timed out" in exchange.why


def test_a_reset_connection_is_retried(client: Client, script: Script) -> None:
    """A connection that breaks is tried again."""

    def reset(request: Request) -> Response:
        request.environ["werkzeug.socket"].close()
        return reply({})

    script(reset, reply(completion(GRADE)))
    assert client.ask("k", ASK, GradeReply).status is Status.OK


def test_the_budget_stops_before_it_is_exceeded(client: Client, script: Script) -> None:
    """A request whose worst case does not fit is never made."""
    log = script(reply(completion(GRADE)))
    client.budget = Budget(limit=0.000001)
    with pytest.raises(OverBudget):
        client.ask("k", ASK, GradeReply)
    assert not log


def test_a_missing_key_names_its_variable(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable that judges.yaml names, the message says which one to set."""
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    client.settings = client.settings.model_copy(update={"key_variable": "NO_SUCH_KEY"})
    with pytest.raises(JudgeStopped, match="set NO_SUCH_KEY"):
        client.ask("k", ASK, GradeReply)
