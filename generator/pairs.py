"""Which models are compared two at a time: of a few all, of many each with its nearest.

Pairs grow with the square of the models, and each has a page, a duel per challenge and questions to
a judge. So a model is compared with those at most NEAREST places away in the order of the checks
that they pass: with every other of up to NEAREST + 1 models, with at most 2 * NEAREST of more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from statistics import fmean

from generator.data import Corpus, Evidence, Verdict

NEAREST = 12
Pair = tuple[str, str]


def pairs(
    corpus: Corpus, evidence: Mapping[str, Evidence], wanted: Iterable[Iterable[str]] = ()
) -> tuple[Pair, ...]:
    """The pairs to compare, by slug and in the corpus' order.

    evidence: by `model/challenge`. wanted: sets of models, every two of which are compared however
    far apart they are.
    """
    order = in_order(corpus, evidence)
    found = {
        frozenset((model, other))
        for place, model in enumerate(order)
        for other in order[place + 1 : place + 1 + NEAREST]
    }
    found |= {frozenset(pair) for models in wanted for pair in combinations(sorted(set(models)), 2)}
    places = {model: place for place, model in enumerate(corpus.models)}
    here = [sorted(pair, key=places.__getitem__) for pair in found if pair <= places.keys()]
    return tuple(sorted(((a, b) for a, b in here), key=lambda p: (places[p[0]], places[p[1]])))


def in_order(corpus: Corpus, evidence: Mapping[str, Evidence]) -> list[str]:
    """The models by their mean share of checks passed, the best first; none passed without any."""
    shares: dict[str, list[float]] = {model: [] for model in corpus.models}
    for key, run in corpus.runs.items():
        checks = evidence[key].checks.values() if key in evidence else ()
        passed = sum(check.verdict is Verdict.PASSED for check in checks)
        shares[run.model].append(passed / (len(checks) or 1))
    return sorted(shares, key=lambda model: (-fmean(shares[model] or [0.0]), model))
