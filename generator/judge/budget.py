"""A money and token budget that stops before it is exceeded, not after."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

from generator.data import Prices, Usage

CHARACTERS_PER_TOKEN = 3.0


class OverBudget(Exception):
    """The next request could exceed the budget, so it is not made."""


@dataclass
class Budget:
    """US dollars that may be spent; None is no limit. Safe to share between threads.

    Raises ValueError for a limit that is negative or no finite number: none would ever be reached.
    """

    limit: float | None = None
    spent: float = 0.0
    held: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.limit is not None and not (math.isfinite(self.limit) and self.limit >= 0):
            raise ValueError(f"a budget is a finite number of dollars, 0 or more: {self.limit}")

    def hold(self, worst: float) -> None:
        """Set aside the worst case of a request; raises OverBudget if there is not that much."""
        with self._lock:
            if self.limit is not None and self.spent + self.held + worst > self.limit:
                raise OverBudget(
                    f"the next request could cost {worst:.4f} $, {self.spent:.4f} of "
                    f"{self.limit:.2f} $ are spent and {self.held:.4f} $ set aside"
                )
            self.held += worst

    def settle(self, worst: float, paid: float) -> None:
        """Replace what was set aside by what was paid."""
        with self._lock:
            self.held -= worst
            self.spent += paid


def cost(prices: Prices, usage: Usage) -> float:
    """What a usage costs, in US dollars; cached tokens are part of the input tokens."""
    fresh = usage.input - usage.cached
    paid = fresh * prices.input + usage.cached * prices.cached + usage.output * prices.output
    return paid / 1_000_000


def tokens_in(messages: list[dict[str, str]]) -> int:
    """An upper estimate of the tokens of some messages (code has about 3 characters a token)."""
    return int(sum(len(message["content"]) for message in messages) / CHARACTERS_PER_TOKEN) + 50


def worst_case(prices: Prices, messages: list[dict[str, str]], max_tokens: int) -> float:
    """The most that one request can cost: nothing cached, the whole output allowance used."""
    return cost(prices, Usage(input=tokens_in(messages), output=max_tokens))
