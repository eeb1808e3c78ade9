"""Which of a model's matrices are ternary: their weights move and their codes do not."""

import re

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten

from .own_model import own_model
from .reading import GROUP, numeric
from .training import logits_of


def own_coverage(entry, call):
    """For each embedding, or each other matrix: how far logits move though the projection does not.

    The parent cannot see the model, so the new weights are made here: magnitudes trade places in
    one group, among weights of one sign on one side of half the group's mean magnitude.
    """
    model = own_model(entry)
    tokens = mx.array(call["tokens"])
    moved = {}
    for name, value in tree_flatten(model.parameters()):
        embeds = bool(re.search("emb|tok|wte|lm_head|output", name))
        if embeds == call["embeddings"] and value.ndim >= 2 and value.size % GROUP == 0:
            weight = away_from_ties(away_from_ties(numeric(value)).T).T
            model.update(tree_unflatten([(name, mx.array(weight))]))
            before = numeric(logits_of(model, tokens))
            same_codes = [traded(weight), traded(weight.T).T]  # it may be stored either way round
            moved[name] = {
                "traded": min(change(model, name, w, tokens, before) for w in same_codes),
                "fresh": change(model, name, np.roll(weight, 1, axis=-1) * -0.9, tokens, before),
            }
            model.update(tree_unflatten([(name, value)]))
    return {"moved": moved}


def change(model, name, weight, tokens, before):
    """max|difference| of the logits relative to max|logits|, with one weight replaced."""
    model.update(tree_unflatten([(name, mx.array(weight))]))
    after = numeric(logits_of(model, tokens))
    return float(np.abs(after - before).max() / np.abs(before).max())


def away_from_ties(weight):
    """Weights near half their group's scale made smaller, so that no code hangs on rounding."""
    grouped = weight.reshape(-1, GROUP).astype(np.float64)
    for _ in range(50):
        half = np.abs(grouped).mean(axis=1, keepdims=True) / 2
        near = np.abs(np.abs(grouped) - half) < 1e-3 * half
        grouped[near] *= 0.99
    return grouped.reshape(weight.shape).astype(np.float32)


def traded(weight):
    """A matrix with the same codes and scales, in which magnitudes have traded places."""
    grouped = weight.reshape(-1, GROUP).astype(np.float64)
    half = np.abs(grouped).mean(axis=1, keepdims=True) / 2
    kinds = np.sign(grouped) * (np.abs(grouped) > half)
    result = grouped.copy()
    for row, kind in zip(result, kinds, strict=True):
        for code in (-1, 0, 1):
            at = np.flatnonzero(kind == code)
            row[at] = row[np.roll(at, 1)]
    return result.reshape(weight.shape).astype(np.float32)
