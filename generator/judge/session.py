"""Ask a judge what is not answered yet, within a budget, and keep each answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from generator.data import Exchange, Status
from generator.judge.budget import OverBudget, tokens_in, worst_case
from generator.judge.client import Client
from generator.judge.prompts import Messages
from generator.judge.questions import Question
from generator.judge.reply import no_objection
from generator.judge.talk import JudgeStopped
from generator.judge.telling import objection

UNSCORED_SHARE = 0.05
UNSCORED_LEAST = 20

Keep = Callable[[Question, Exchange], None]


@dataclass
class Tally:
    """What a session did. stopped: why it ended early, if it did."""

    asked: int = 0
    reused: int = 0
    unscored: dict[str, str] = field(default_factory=dict)
    cost: float = 0.0
    stopped: str = ""

    def plus(self, other: Tally) -> Tally:
        """Two sessions after each other."""
        return Tally(
            self.asked + other.asked,
            self.reused + other.reused,
            self.unscored | other.unscored,
            self.cost + other.cost,
            self.stopped or other.stopped,
        )


@dataclass(frozen=True)
class Estimate:
    """What a session would do, before it does: an upper bound on tokens and US dollars."""

    calls: int
    tokens: int
    cost: float


def estimate(questions: Iterable[Question], client: Client) -> Estimate:
    """The number of calls, and the most that they can use and cost."""
    settings = client.settings
    calls = tokens = 0
    total = 0.0
    for question in questions:
        calls += 1
        messages = [*question.messages, {"role": "user", "content": " " * question.more}]
        tokens += tokens_in(messages) + settings.max_tokens
        total += worst_case(settings.prices, messages, settings.max_tokens)
    return Estimate(calls, tokens, round(total, 4))


def ask_all(
    questions: list[Question], client: Client, keep: Keep, advance: Callable[[str], None]
) -> Tally:
    """Ask with bounded concurrency; on a hopeless error or a spent budget, stop asking and say so.

    keep: called with each answer as it comes, in this thread.
    """
    tally = Tally()
    todo = iter(questions)
    with ThreadPoolExecutor(client.settings.concurrency) as pool:
        running: dict[Future[Exchange], Question] = {}
        while True:
            free = client.settings.concurrency - len(running)
            for question in islice(todo, 0 if tally.stopped else free):
                messages = question.messages  # composed here, in order and by one thread
                running[pool.submit(_ask, client, question, messages)] = question
            if not running:
                return tally
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                _settle(future, running.pop(future), tally, keep)
                advance("")


def _ask(client: Client, question: Question, messages: Messages) -> Exchange:
    about = question.about
    object_to = (lambda reply: objection(reply, about)) if about else no_objection
    return client.ask(question.key, messages, question.reply, object_to)


def _settle(future: Future[Exchange], question: Question, tally: Tally, keep: Keep) -> None:
    """Count one answer, and decide whether to go on."""
    try:
        exchange = future.result()
    except (JudgeStopped, OverBudget) as error:
        tally.stopped = str(error)
        return
    tally.asked += 1
    tally.cost += exchange.cost
    keep(question, exchange)
    if exchange.status is not Status.OK:
        tally.unscored[f"{question.subject} {question.part}"] = f"{exchange.status}: {exchange.why}"
    if tally.asked >= UNSCORED_LEAST and len(tally.unscored) > UNSCORED_SHARE * tally.asked:
        tally.stopped = f"{len(tally.unscored)} of {tally.asked} replies could not be used"
