"""A judge that answers at once: a real HTTP server on this machine with scripted grades."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from generator.data import DIMENSIONS

LETTERS = "AABBBCCDF"
JUDGES = """  scripted:
    base_url: http://127.0.0.1:1/v1
    model: scripted
    structured: json_object
    max_tokens: 2000
    concurrency: 4
    prices: {input: 0, cached: 0, output: 0}
"""


@contextmanager
def judge_server() -> Iterator[str]:
    """A server that grades every run it is asked about; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line a request
    with HTTPServer(threaded=True) as server:
        server.expect_request("/v1/chat/completions").respond_with_handler(answer)
        yield server.url_for("/v1")


def answer(request: Request) -> Response:
    """A grade with a letter that depends on what was asked, so that letters vary."""
    asked = request.get_data()
    letter = LETTERS[sum(asked) % len(LETTERS)]
    dimensions = [
        {"dimension": name, "reasons": "Scripted.", "quotes": [], "letter": letter}
        for name in DIMENSIONS
    ]
    content = json.dumps({"dimensions": dimensions, "summary": "Scripted."})
    choice = {"index": 0, "message": {"role": "assistant", "content": content}}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [choice | {"finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
    return Response(json.dumps(body), mimetype="application/json")
