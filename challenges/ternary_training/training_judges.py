"""Judges of training: the loss falls, held-out text is predicted, weights stay ternary."""

from __future__ import annotations

import math

import numpy as np

from challenges.kit import Finding, as_float, describe
from challenges.ternary_training import reference, text
from challenges.ternary_training.bounds import Array, Calls, Got, allowed_for, within
from challenges.ternary_training.inputs import TIE_MARGIN

LEARNT = 1.2  # nats in 25 steps; honest layers lose a third more at least
OWN_LEARNT = 0.6  # nats in 15 steps, any clear fall; models differ, honest ones lose thrice that


def losses_of(got: Got) -> Array | None:
    """The losses in a result, or None where they are not finite numbers."""
    values = got[0].get("losses")
    numbers = [as_float(v) for v in values] if isinstance(values, list) else []
    if not numbers or any(v is None or v.ndim or not np.isfinite(v) for v in numbers):
        return None
    return np.array(numbers, dtype=np.float64)


def falls(by: float, _calls: Calls, got: Got) -> list[Finding]:
    """The mean of the last fifth of the losses (nats) lies below the first by more than this."""
    losses = losses_of(got)
    if losses is None:
        return [Finding("loss", False, detail=f"got {describe(got[0].get('losses'))}")]
    last, bound = float(losses[-max(1, len(losses) // 5) :].mean()), float(losses[0]) - by
    detail = f"{losses[0]:.3f} to {last:.3f} nats in {len(losses)} losses"
    return [Finding("loss", last < bound, last, bound, detail)]


def held_out(calls: Calls, got: Got) -> list[Finding]:
    """Perplexity on paragraphs that no training window touches, against letter frequencies."""
    call = calls[0]
    training, held = text.split()
    shared = {text.key(p) for p in training} & {text.key(p) for p in held}
    disjoint = Finding(
        "the split is disjoint", not shared, detail=f"{len(training)} and {len(held)} paragraphs"
    )
    loss = as_float(got[0].get("held_out_loss"))
    bound = reference.unigram_loss(call["train"], call["held_out"], call["vocabulary"])
    if loss is None or loss.ndim or not np.isfinite(loss):
        return [
            disjoint,
            Finding("perplexity", False, detail=f"got {describe(got[0].get('held_out_loss'))}"),
        ]
    perplexity = math.exp(min(float(loss), 700.0))
    return [disjoint, Finding("perplexity", float(loss) < bound, perplexity, math.exp(bound))]


def stays_ternary(_calls: Calls, got: Got) -> list[Finding]:
    """After a few steps, weights in use are the projection of latent ones, not these themselves."""
    latent = as_float(got[0].get("latent"))
    if latent is None or latent.ndim != 2 or not latent.size or not np.isfinite(latent).all():
        return [Finding("latent weights", False, detail=f"got {describe(got[0].get('latent'))}")]
    distinct = len(np.unique(np.abs(latent[0])))
    # A latent weight may by chance lie at a tie by now, where both codes are right.
    scale = reference.scales(latent)
    tie = np.abs(np.abs(latent) - scale / 2) < scale * TIE_MARGIN / 4
    expected = reference.project(latent)
    bound = allowed_for(latent) + np.where(tie, scale, 0)
    return [
        within("weights in use", got[0].get("effective"), expected, bound),
        Finding("latent weights", distinct > 8, detail=f"{distinct} magnitudes in a row"),
    ]
