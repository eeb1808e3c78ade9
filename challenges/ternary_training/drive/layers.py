"""Linear layers and embeddings of the output under given weights: answers and gradients."""

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_unflatten

from .building import LINEAR, build, find_class
from .reading import GROUP, CannotExpress, first_array, numeric


def loss_of(value, other, call):
    """sum(value * other), or half the squared distance."""
    if call.get("loss") == "square":
        return mx.sum(mx.square(value - other)) / 2
    return mx.sum(value * other)


def layer(entry, call):
    """The answers of one layer to x under successive weights, and its bias."""
    built = layer_with(entry, call["weights"][0].shape)
    answers = []
    for weight in call["weights"]:
        built.put(mx.array(weight))
        answers.append(numeric(built(mx.array(call["x"]))))
    bias = dict(tree_flatten(built.module.parameters())).get("bias")
    return {"answers": answers, "bias": None if bias is None else numeric(bias)}


def gradients(entry, call):
    """Gradients of a loss of layer(x) with respect to its latent weight and to x."""
    built = layer_with(entry, call["W"].shape)
    built.put(mx.array(call["W"]))
    other = mx.array(call["C"])

    def loss(parameters, x):
        built.module.update(parameters)
        return loss_of(built(x), other, call)

    trainable = built.module.trainable_parameters()
    by_weight, by_input = mx.grad(loss, argnums=(0, 1))(trainable, mx.array(call["x"]))
    found = dict(tree_flatten(by_weight)).get(built.name)
    return {
        "weight_gradient": None if found is None else numeric(built.seen(found)),
        "input_gradient": numeric(by_input),
    }


def embedding(entry, call):
    """Rows of an embedding by id, and its answer as an output head, if it has one."""
    cls = find_class(entry, "^(?!.*(rot|pos)).*embed")
    if cls is None:
        raise CannotExpress("no embedding class was found")
    vocabulary, width = call["W"].shape
    module = build(
        cls, {"vocab_size": vocabulary, "hidden_size": width, "group_size": GROUP}, entry
    )
    Built(module, call["W"].shape).put(mx.array(call["W"]))
    head = getattr(module, "as_linear", None)
    return {
        "rows": numeric(first_array(module(mx.array(call["ids"])))),
        "head": numeric(head(mx.array(call["x"]))) if head else None,
    }


def layer_with(entry, shape):
    """A linear layer of the output's class for an (out, in) weight."""
    cls = find_class(entry, LINEAR)
    if cls is None:
        raise CannotExpress("no linear layer class was found")
    outputs, inputs = shape
    built = Built(build(cls, linear_sizes(inputs, outputs), entry), shape)
    if inputs == outputs:  # a square weight does not show which way round it is stored
        oblong = Built(build(cls, linear_sizes(inputs, 2 * inputs), entry), (2 * inputs, inputs))
        built.transposed = oblong.transposed
    return built


def fresh_layer(inputs, outputs, entry):
    """A layer with weights drawn here, so that how a class initialises itself does not matter."""
    built = layer_with(entry, (outputs, inputs))
    built.put(mx.random.normal((outputs, inputs)) * inputs**-0.5)
    return built.module


def linear_sizes(inputs, outputs):
    """What a layer's constructor may ask for."""
    return {
        "in_features": inputs,
        "out_features": outputs,
        "bias": False,
        "group_size": GROUP,
        "linear": nn.Linear(inputs, outputs, bias=False),
        "weight": mx.random.normal((outputs, inputs)),
    }


class Built:
    """A module of the output with one (rows, columns) matrix, transposed or grouped or not."""

    def __init__(self, module, shape):
        self.module, self.shape = module, tuple(shape)
        fits = [
            (name, value.shape)
            for name, value in tree_flatten(module.parameters())
            if value.ndim >= 2 and value.size == shape[0] * shape[1]
        ]
        if not fits:
            raise CannotExpress(
                f"{type(module).__name__} has no parameter of {shape[0] * shape[1]} values"
            )
        self.name, self.stored = min(fits, key=lambda fit: fit[0] != "weight")
        self.transposed = self.stored == self.shape[::-1] and self.stored != self.shape

    def __call__(self, x):
        """The module's answer to x."""
        try:
            return first_array(self.module(x))
        except TypeError as error:
            raise CannotExpress(f"{type(self.module).__name__} cannot be called: {error}") from None

    def put(self, weight):
        """Set the latent weight, given as (rows, columns)."""
        value = weight.T if self.transposed else weight.reshape(self.stored)
        self.module.update(tree_unflatten([(self.name, value)]))

    def seen(self, value):
        """A stored value or its gradient as (rows, columns)."""
        return value.T if self.transposed else value.reshape(self.shape)

    def latent(self):
        """The latent weight as (rows, columns)."""
        return self.seen(dict(tree_flatten(self.module.parameters()))[self.name])
