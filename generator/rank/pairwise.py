"""Strengths from duels, by Bradley and Terry's model with ties (Davidson 1970, JASA 65, p. 317).

P(a beats b) is proportional to s_a, P(b beats a) to s_b, and P(tie) to v * sqrt(s_a * s_b). A small
ridge on the log strengths keeps the fit finite when a model is undefeated or winless. No fit is
reported where the duels do not connect all models or the optimiser does not converge.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from generator.data import Duel, DuelStrength

RIDGE = 0.1
STEPS = 50
Fit = tuple[tuple[DuelStrength, ...], float | None, tuple[str, ...]]


def davidson(duels: Sequence[Duel]) -> Fit:
    """Strengths as log odds, the tie parameter v, and notes on why there is no fit."""
    models = sorted({m for duel in duels for m in (duel.a, duel.b)})
    if len(models) < 2:
        return (), None, ()
    if not connected(models, duels):
        return (), None, ("the duels do not connect all models, so no strengths are computed",)
    index = {model: i for i, model in enumerate(models)}
    outcomes: dict[tuple[int, int], list[int]] = {}
    for duel in duels:
        counts = outcomes.setdefault((index[duel.a], index[duel.b]), [0, 0, 0])
        counts[0 if duel.winner == duel.a else 1 if duel.winner == duel.b else 2] += 1
    found = fit(len(models), outcomes)
    if found is None:
        return (), None, ("the fit of the strengths did not converge, so none are shown",)
    fought = Counter(m for duel in duels for m in (duel.a, duel.b))
    strengths = [
        DuelStrength(model=m, strength=round(found[i], 3), duels=fought[m])
        for m, i in index.items()
    ]
    strengths.sort(key=lambda row: (-row.strength, row.model))
    return tuple(strengths), round(math.exp(found[-1]), 3), ()


def fit(models: int, outcomes: dict[tuple[int, int], list[int]]) -> list[float] | None:
    """The log strengths, which sum to nothing, and log v; None where there is no convergence.

    outcomes: by pair, how often the first won, the second won, neither. Newton's method: the
    penalised likelihood is concave, and SciPy's optimisers take longer to import than this to run.
    """
    import numpy as np

    # A pair's log odds of its three outcomes depend on three parameters: s_a, s_b and log v.
    odds = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 1]])
    at = np.array([(a, b, models) for a, b in outcomes])
    seen = np.array(list(outcomes.values()), dtype=float)
    fought = seen.sum(axis=1, keepdims=True)
    x = np.zeros(models + 1)
    for _ in range(STEPS):
        expected = np.exp(x[at] @ odds.T)
        expected *= fought / expected.sum(axis=1, keepdims=True)
        slope = -2 * RIDGE * x
        np.add.at(slope, at, (seen - expected) @ odds)
        if np.abs(slope).max() < 1e-8:
            return [float(value) for value in x]
        share = expected @ odds
        curve = np.diag(np.full(models + 1, 2 * RIDGE))
        bends = np.einsum("po,oi,oj->pij", expected, odds, odds)
        bends -= share[:, :, None] * share[:, None, :] / fought[:, :, None]
        np.add.at(curve, (at[:, :, None], at[:, None, :]), bends)
        x += np.linalg.solve(curve, slope)
    return None


def connected(models: list[str], duels: Sequence[Duel]) -> bool:
    """Whether every model can be compared with every other through some chain of duels."""
    met: dict[str, set[str]] = {model: set() for model in models}
    for duel in duels:
        met[duel.a].add(duel.b)
        met[duel.b].add(duel.a)
    reached, front = {models[0]}, [models[0]]
    while front:
        new = met[front.pop()] - reached
        reached |= new
        front += new
    return len(reached) == len(models)


def cycles(duels: Sequence[Duel]) -> tuple[tuple[str, str, str], ...]:
    """Three models of which each wins more duels against the next than it loses."""
    margin: Counter[tuple[str, str]] = Counter()
    for duel in duels:
        if duel.winner:
            loser = duel.b if duel.winner == duel.a else duel.a
            margin[duel.winner, loser] += 1
            margin[loser, duel.winner] -= 1
    beats: dict[str, list[str]] = {}
    for (winner, loser), more in sorted(margin.items()):
        if more > 0:
            beats.setdefault(winner, []).append(loser)
    return tuple(
        (x, y, z)
        for x, beaten in beats.items()
        for y in beaten
        for z in beats.get(y, ())
        if x == min(x, y, z) and margin[z, x] > 0
    )


def duel_orders(duels: Sequence[Duel], ranked: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The order of the ranked models by their share of duels won, under both treatments of ties."""
    won = Counter(duel.winner for duel in duels)
    fought = Counter(model for duel in duels for model in (duel.a, duel.b))
    tied = Counter(model for duel in duels if not duel.winner for model in (duel.a, duel.b))
    treatments: dict[str, dict[str, tuple[float, int]]] = {
        "duels, a tie counts half": {m: (won[m] + tied[m] / 2, fought[m]) for m in ranked},
        "duels, ties left out": {m: (won[m], fought[m] - tied[m]) for m in ranked},
    }
    found = {}
    for name, shares in treatments.items():
        if all(of for _, of in shares.values()) and len(shares) > 1:
            found[name] = tuple(sorted(ranked, key=lambda m: (-shares[m][0] / shares[m][1], m)))
    return found
