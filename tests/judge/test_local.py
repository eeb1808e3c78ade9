"""A real small model behind the real client, where it is installed (`make judge-model`)."""

from __future__ import annotations

import pytest

from generator.data import DuelReply, Status
from generator.discover import TOP_LEVEL
from generator.judge.client import Client
from generator.judge.local import local_server, packaged_weights
from generator.judge.settings import load_judge
from generator.yamlfile import BadFile


@pytest.mark.slow
def test_a_real_model_answers_in_the_required_form() -> None:
    """The packaged model's reply passes the schema; what it thinks is not the point."""
    try:
        packaged_weights()
        pytest.importorskip("xllamacpp")
    except BadFile as missing:
        pytest.skip(str(missing))
    question = [{"role": "user", "content": "Compare: first says 1+1=2, second says 1+1=3. JSON."}]
    with local_server() as address:
        settings = load_judge(TOP_LEVEL / "judges.yaml", "local", address)
        exchange = Client(settings).ask("k", question, DuelReply)
    assert exchange.status is Status.OK, exchange.why
    assert exchange.usage.output > 0
