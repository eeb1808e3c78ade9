"""Training on the windows that the call lists, under a loop of ours."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from .layers import Built, fresh_layer
from .reading import GROUP, CannotExpress, numeric, parts_of
from .small_model import SmallModel


def cross_entropy(model, windows):
    """Mean next-token loss over windows (B, T + 1)."""
    return nn.losses.cross_entropy(
        logits_of(model, windows[:, :-1]), windows[:, 1:], reduction="mean"
    )


def logits_of(model, tokens):
    """The logits (B, T, V) in what a model returns: the array itself, or a part of a result."""
    parts = [part for part in parts_of(model(tokens)) if isinstance(part, mx.array)]
    fits = [part for part in parts if part.ndim == 3]
    if not fits:
        raise CannotExpress("the model does not return logits of shape (batch, length, vocabulary)")
    return fits[0].astype(mx.float32)


def windows(tokens, starts, length):
    """Windows (B, T + 1) of a token stream."""
    return mx.array(np.stack([tokens[s : s + length + 1] for s in starts]).astype(np.int32))


def fit(model, call):
    """AdamW on the windows that the call lists; returns the loss before each step."""
    optimiser = optim.AdamW(learning_rate=call["learning_rate"], weight_decay=0.0)
    step = nn.value_and_grad(model, lambda batch: cross_entropy(model, batch))
    losses = []
    for starts in call["starts"]:
        loss, gradients = step(windows(call["train"], starts, call["length"]))
        optimiser.update(model, gradients)
        mx.eval(model.parameters(), optimiser.state, loss)
        losses.append(float(loss))
    return losses


def train(entry, call):
    """Train our small model, built from the output's linear layers."""
    model = SmallModel(lambda i, o: fresh_layer(i, o, entry), call["vocabulary"])
    losses = fit(model, call)
    held = windows(call["held_out"], call["held_out_starts"], call["length"])
    gate = model.layers[0].mlp.gate_proj
    return {
        "losses": losses,
        "held_out_loss": float(cross_entropy(model, held)),
        "latent": numeric(Built(gate, (2 * GROUP, GROUP)).latent()),
        "effective": numeric(gate(mx.eye(GROUP)).T),
    }
