"""Trusted float64 beam search with a length penalty, and an exhaustive search to check it against.

Score of a beam: sum of its tokens' log-probabilities / (number of new tokens) ** alpha, the end
token counted in both (Wu et al. 2016, Google's Neural Machine Translation System, section 7, with
the plain power in place of their ((5 + n) / 6) ** alpha). At each step all continuations of the
unfinished beams and all finished beams compete for the K places.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tokens = tuple[int, ...]
Row = NDArray[np.float64]


@dataclass(frozen=True)
class Beam:
    """New tokens with the log-probability of each."""

    tokens: Tokens = ()
    logprobs: tuple[float, ...] = ()

    def score(self, alpha: float) -> float:
        """Sum of log-probabilities / length ** alpha; 0 for a beam without tokens."""
        return math.fsum(self.logprobs) / len(self.tokens) ** alpha if self.tokens else 0.0


@dataclass(frozen=True)
class Search:
    """What a search is asked for, apart from the prompt and the language model."""

    beam_width: int
    max_new_tokens: int
    alpha: float
    eos_token_id: int

    def finished(self, beam: Beam) -> bool:
        """Whether a beam has ended."""
        return beam.tokens[-1:] == (self.eos_token_id,)

    def ranked(self, beams: Sequence[Beam]) -> list[Beam]:
        """Best first."""
        return sorted(beams, key=lambda beam: beam.score(self.alpha), reverse=True)


class Script:
    """A language model by table: the whole prefix picks a row of logits, as in drive/.

    table: (rows, V) logits. special: prefixes (prompt included) that are answered by the row of
    `special_rows` (n, V) with the same index instead.
    """

    def __init__(self, call: Any):
        self._table = np.asarray(call["table"], dtype=np.float64)
        prefixes = [tuple(prefix) for prefix in call.get("special", [])]
        self._special = dict(
            zip(prefixes, np.asarray(call.get("special_rows", []), float), strict=True)
        )

    def logits(self, prefix: Sequence[int]) -> Row:
        """The logits (V,) of the next token."""
        found: Row | None = self._special.get(tuple(prefix))
        if found is not None:
            return found
        row = 0
        for token in prefix:
            row = (row * 31 + token + 7) % len(self._table)
        answer: Row = self._table[row]
        return answer

    def logprobs(self, prefix: Sequence[int]) -> Row:
        """The log-probabilities (V,) of the next token."""
        return log_softmax(self.logits(prefix))


def log_softmax(logits: Row) -> Row:
    """Logits (V,) minus the logarithm of the sum of their exponentials."""
    shifted: Row = logits - logits.max()
    return shifted - math.log(math.fsum(np.exp(shifted)))


def beam_search(
    logprobs: Callable[[Tokens], Row], prompt: Sequence[int], search: Search
) -> tuple[list[Beam], float]:
    """The K best beams, best first, and the smallest gap of scores that decided about them.

    logprobs: prefix -> (V,). Fewer than K beams come back where no more exist.
    """
    pool, gap = [Beam()], math.inf
    for _ in range(search.max_new_tokens):
        grown = [beam for beam in pool if search.finished(beam)]
        for beam in pool:
            if not search.finished(beam):
                grown += extensions(beam, logprobs((*prompt, *beam.tokens)), search.beam_width)
        ranked = search.ranked(grown)
        pool = ranked[: search.beam_width]
        gap = min(
            gap, smallest_gap(ranked[search.beam_width - 1 : search.beam_width + 1], search.alpha)
        )
    return pool, min(gap, smallest_gap(pool, search.alpha))


def extensions(beam: Beam, row: Row, beam_width: int) -> list[Beam]:
    """The continuations of a beam by its 2K likeliest tokens (K would give the same result)."""
    likeliest = np.argsort(-row, kind="stable")[: 2 * beam_width]
    return [Beam((*beam.tokens, int(t)), (*beam.logprobs, float(row[t]))) for t in likeliest]


def smallest_gap(ranked: Sequence[Beam], alpha: float) -> float:
    """The smallest difference between the scores of neighbours."""
    scores = [beam.score(alpha) for beam in ranked]
    return min((a - b for a, b in itertools.pairwise(scores)), default=math.inf)


def exhaustive(
    logprobs: Callable[[Tokens], Row], prompt: Sequence[int], search: Search
) -> list[Beam]:
    """All sequences that end or reach max_new_tokens, best first; for tiny vocabularies."""

    def complete(beam: Beam) -> Iterator[Beam]:
        if search.finished(beam) or len(beam.tokens) == search.max_new_tokens:
            yield beam
            return
        for token, value in enumerate(logprobs((*prompt, *beam.tokens))):
            yield from complete(Beam((*beam.tokens, token), (*beam.logprobs, float(value))))

    return search.ranked(list(complete(Beam())))
