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

    def loss(parameters: np.ndarray) -> float:
        s, v = parameters[:-1] - parameters[:-1].mean(), parameters[-1]
        odds = np.stack([s[a], s[b], v + (s[a] + s[b]) / 2])
        likelihood = odds[result, np.arange(len(result))] - logsumexp(odds, axis=0)
        return float(-likelihood.sum() + RIDGE * (s @ s + v * v))

    fit = minimize(loss, np.zeros(len(models) + 1), method="BFGS", options={"gtol": 1e-5})
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
    reached, front = {models[0]}, [models[0]]
    while front:
        at = front.pop()
        for duel in duels:
            if at in {duel.a, duel.b}:
                new = {duel.a, duel.b} - reached
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
    found = {}
    for name, worth in (("duels, a tie counts half", 0.5), ("duels, ties left out", None)):
        shares = {model: won_share(duels, model, worth) for model in ranked}
        if all(share is not None for share in shares.values()) and len(shares) > 1:
            found[name] = tuple(sorted(ranked, key=lambda m: (-(shares[m] or 0), m)))
    return found


def won_share(duels: Sequence[Duel], model: str, tie: float | None) -> float | None:
    """The share of a model's duels that it won; None where none counts."""
    own = [duel for duel in duels if model in {duel.a, duel.b}]
    counted = [duel for duel in own if duel.winner or tie is not None]
    won = sum(
        1.0 if d.winner == model else (tie or 0.0) if d.winner is None else 0.0 for d in counted
    )
    return won / len(counted) if counted else None
