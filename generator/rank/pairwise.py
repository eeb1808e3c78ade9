"""Strengths from duels, by Bradley and Terry's model with ties (Davidson 1970, JASA 65, p. 317).

P(a beats b) is proportional to s_a, P(b beats a) to s_b, and P(tie) to v * sqrt(s_a * s_b). A small
ridge on the log strengths keeps the fit finite when a model is undefeated or winless. No fit is
reported where the duels do not connect all models or the optimiser does not converge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import permutations

from generator.data import Duel, DuelStrength

RIDGE = 0.1
Fit = tuple[tuple[DuelStrength, ...], float | None, tuple[str, ...]]


def davidson(duels: Sequence[Duel]) -> Fit:
    """Strengths as log odds, the tie parameter v, and notes on why there is no fit."""
    models = sorted({m for duel in duels for m in (duel.a, duel.b)})
    if len(models) < 2:
        return (), None, ()
    if not connected(models, duels):
        return (), None, ("the duels do not connect all models, so no strengths are computed",)
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    index = {model: i for i, model in enumerate(models)}
    a = np.array([index[d.a] for d in duels])
    b = np.array([index[d.b] for d in duels])
    result = np.array([0 if d.winner == d.a else 1 if d.winner == d.b else 2 for d in duels])

    happened = np.eye(3)[:, result]

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the penalised log likelihood, and its gradient."""
        s, v = parameters[:-1] - parameters[:-1].mean(), parameters[-1]
        odds = np.stack([s[a], s[b], v + (s[a] + s[b]) / 2])
        total = logsumexp(odds, axis=0)
        value = (total - (odds * happened).sum(axis=0)).sum() + RIDGE * (s @ s + v * v)
        by_a, by_b, by_tie = np.exp(odds - total) - happened
        slope = 2 * RIDGE * s
        slope += np.bincount(a, by_a + by_tie / 2, len(s)) + np.bincount(
            b, by_b + by_tie / 2, len(s)
        )
        return float(value), np.append(slope - slope.mean(), by_tie.sum() + 2 * RIDGE * v)

    start = np.zeros(len(models) + 1)
    fit = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-5})
    if not np.isfinite(fit.x).all() or np.abs(fit.jac).max() > 1e-2:
        return (), None, ("the fit of the strengths did not converge, so none are shown",)
    centred = fit.x[:-1] - fit.x[:-1].mean()
    fought = Counter(m for duel in duels for m in (duel.a, duel.b))
    strengths = [
        DuelStrength(model=m, strength=round(float(centred[i]), 3), duels=fought[m])
        for m, i in index.items()
    ]
    strengths.sort(key=lambda row: (-row.strength, row.model))
    return tuple(strengths), round(float(np.exp(fit.x[-1])), 3), ()


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
    return reached == set(models)


def cycles(duels: Sequence[Duel]) -> tuple[tuple[str, str, str], ...]:
    """Three models of which each wins more duels against the next than it loses."""
    margin: Counter[tuple[str, str]] = Counter()
    for duel in duels:
        if duel.winner:
            loser = duel.b if duel.winner == duel.a else duel.a
            margin[duel.winner, loser] += 1
            margin[loser, duel.winner] -= 1
    models = sorted({m for pair in margin for m in pair})
    found = [
        (x, y, z)
        for x, y, z in permutations(models, 3)
        if x == min(x, y, z) and margin[x, y] > 0 and margin[y, z] > 0 and margin[z, x] > 0
    ]
    return tuple(found)


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
