"""The output's own model at a small size: its logits and its training."""

import inspect
import re

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from challenges.driving.parameters import is_needed

from .building import MODEL, SIZES, build, classes, functions, load_siblings
from .reading import CannotExpress, numeric, parts_of
from .small_model import PlainModel
from .training import fit, logits_of


def own_model(entry, **sizes):
    """The first of the output's models that builds at a small size and answers with logits."""
    load_siblings(entry, MODEL)
    built_by = functions(entry, "(build|make|create|init).*model")
    builders = [entry.raw("build_model")] if entry.has("build_model") else []
    builders += [*built_by, *classes(entry, MODEL)]
    attempts = [
        (builder, lambda b=builder: build(b, SIZES | sizes, entry))
        for builder in dict.fromkeys(builders)
    ]
    attempts += [
        (f, lambda f=f: converted(f))
        for f in functions(entry, "convert|replace|swap|patch|tern|quantize")
    ]
    problems = []
    for builder, attempt in attempts:
        try:
            built = attempt()
            shape = logits_of(built, mx.zeros((1, 4), mx.int32)).shape
            if shape == (1, 4, SIZES["vocab_size"]):
                return built
            problems.append(f"{builder.__name__} answers with shape {shape}")
        except Exception as error:  # noqa: BLE001 - each candidate may want what we cannot give
            kind = "" if isinstance(error, CannotExpress) else f"{type(error).__name__}: "
            problems.append(f"{builder.__name__}: {kind}{error}"[:120])
    raise CannotExpress("no model could be built at a small size; " + "; ".join(problems[:4]))


def converted(function):
    """A plain model of ours after an output's function has replaced its layers."""
    needed = [p for p in inspect.signature(function).parameters.values() if is_needed(p)]
    if len(needed) != 1 or not re.search("model|module|net", needed[0].name.lower()):
        raise CannotExpress("it does not take a model alone")
    model = PlainModel(SIZES["vocab_size"])
    made = function(model)
    model = made if isinstance(made, nn.Module) else model
    if all(
        type(m).__module__.startswith("mlx.") or type(m).__module__ == __name__
        for m in model.modules()
    ):
        raise CannotExpress("it replaced nothing")
    return model


def own_logits(entry, call):
    """Logits of two batches of sequences, from a model of as many layers as asked for."""
    model = own_model(entry, num_hidden_layers=call["layers"])
    return {
        "first": numeric(logits_of(model, mx.array(call["tokens"]))),
        "second": numeric(logits_of(model, mx.array(call["others"]))),
    }


def own_training(entry, call):
    """The output's own model under our training loop."""
    return {"losses": fit(own_model(entry), call)}


def own_train_function(entry, call):
    """The output's own model under its own training function: the losses that it returns."""
    if not entry.has("train"):
        raise CannotExpress("no training function of the prompt's signature was found")
    given = {
        "model": own_model(entry),
        "tokens": mx.array(call["train"].astype(np.int32)),
        "steps": len(call["starts"]),
        "batch_size": len(call["starts"][0]),
        "seq_len": call["length"],
        "learning_rate": call["learning_rate"],
    }
    try:
        made = entry.train(**given)
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        if set(inspect.signature(entry.raw("train")).parameters) >= set(given):
            raise
        raise CannotExpress(
            f"its training function takes other things: {type(error).__name__}: {error}"
        ) from None
    losses = next((p for p in [made, *parts_of(made)] if isinstance(p, list) and p), None)
    if losses is None:
        raise CannotExpress(
            f"the training function returns {type(made).__name__}, not a list of losses"
        )
    return {"losses": [float(loss) for loss in losses if isinstance(loss, (int, float, mx.array))]}
