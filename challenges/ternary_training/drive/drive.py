"""Runs beside the untrusted code: projects, differentiates, builds layers and models, trains.

call["do"] names what to do. Interfaces differ, so classes are found by what they are (a subclass of
mlx.nn.Module whose name speaks of linear layers, embeddings or models) and built by what their
parameters are called. What an interface cannot express is {"not_testable": reason}.
"""

import mlx.core as mx

from .coverage import own_coverage
from .layers import embedding, gradients, layer
from .own_model import own_logits, own_train_function, own_training
from .projection import project, project_gradient
from .reading import CannotExpress
from .training import train


def drive(entry, call):
    """Do what a call names."""
    mx.random.seed(int(call.get("seed", 0)))
    try:
        return ACTIONS[call["do"]](entry, call)
    except CannotExpress as reason:
        return {"not_testable": str(reason)}


ACTIONS = {
    "project": project,
    "project_gradient": project_gradient,
    "layer": layer,
    "layer_gradients": gradients,
    "embedding": embedding,
    "train": train,
    "own_logits": own_logits,
    "own_coverage": own_coverage,
    "own_training": own_training,
    "own_train_function": own_train_function,
}
