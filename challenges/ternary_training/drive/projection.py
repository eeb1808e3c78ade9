"""The projection W -> P(W), by a function of the output or read off a layer, and its gradient."""

import contextlib
import inspect
import re

import mlx.core as mx
import numpy as np

from .building import LINEAR, canonical_parameters, find_class
from .layers import gradients, layer_with, loss_of
from .reading import GROUP, CannotExpress, numeric, parts_of


def project(entry, call):
    """The projection of W, what it left of W, and the dtype that it returned."""
    weight = mx.array(call["W"]).astype(getattr(mx, call.get("dtype", "float32")))
    made = projection(entry, call.get("group_size"))(weight)
    return {"value": numeric(made), "dtype": str(made.dtype), "W_after": numeric(weight)}


def project_gradient(entry, call):
    """d/dW of sum(P(W) * C), or of sum((P(W) - C)^2) / 2; through a layer where there is one."""
    weight, other = mx.array(call["W"]), mx.array(call["C"])
    apply = projection(entry)
    identity = np.eye(call["W"].shape[1], dtype=np.float32)
    result = {}
    with contextlib.suppress(CannotExpress):
        through_layer = gradients(entry, {**call, "x": identity, "C": call["C"].T})
        result["by_layer"] = through_layer["weight_gradient"]
    try:
        by_projection = mx.grad(lambda w: loss_of(apply(w), other, call))(weight)
    except Exception as error:
        if not result:
            raise
        return result | {"raised": f"{type(error).__name__}: {error}"}
    return result | {"by_projection": numeric(by_projection)}


def projection(entry, group_size=None):
    """W -> P(W) as one array: by a function of the output, or by a layer fed the identity."""
    function = projecting_function(entry)
    if group_size is None:
        return function or by_layer(entry)
    if function is None or not function.sized:
        raise CannotExpress(
            "the projection has no parameter for the size of a group that can be read"
        )
    return lambda weight: function(weight, group_size)


class Function:
    """A function of the output that takes weights, and perhaps the size of a group."""

    def __init__(self, raw, bound=None):
        self.raw, self.bound = raw, bound
        known = canonical_parameters(raw)
        self.sized = known is not None and "group_size" in known

    def __call__(self, weight, size=GROUP):
        """P(W); raises TypeError where there is none."""
        made = self.made(weight, size)
        if made is None:
            raise TypeError("what the projection returns is not a matrix of the weight's shape")
        return made

    def made(self, weight, size=GROUP):
        """P(W), or None where what comes back is something else."""
        sizes = (
            {"group_size": size}
            if self.sized or (self.bound and canonical_parameters(self.raw) is None)
            else {}
        )
        if self.bound:
            return dense(self.bound(W=weight, **sizes), weight, size)
        return dense(self.raw(weight, *sizes.values()), weight, size)


def projecting_function(entry):
    """What was bound, if it answers weights with a matrix; else a function beside it that does.

    Names mislead (convert_to_ternary takes a model): a function that raises on an ordinary matrix,
    or answers with something else, such as codes alone, is not the projection. One that answers
    with a wrong matrix is.
    """
    bound = Function(entry.raw("ternary_project"), entry.ternary_project)
    probe = mx.array(np.random.default_rng(0).normal(size=(2, GROUP)).astype(np.float32))
    made = answer(bound, probe)
    if made is not None and not set(np.unique(numeric(made))) <= {-1, 0, 1}:
        return bound
    for guess in guesses(entry.module):
        made = answer(guess, probe)
        if made is not None and all(
            len(np.unique(np.abs(row).round(5))) == 2 for row in numeric(made)
        ):
            return guess
    return None if find_class(entry, LINEAR) else bound


def answer(function, probe):
    """P(probe), or None where the function cannot be called so or answers with something else."""
    try:
        return function.made(probe)
    except Exception:  # noqa: BLE001 - the question is whether it can be called so at all
        return None


def guesses(module):
    """Functions and static methods whose names speak of projecting."""
    found = dict(vars(module))
    for cls in [
        value
        for value in found.values()
        if inspect.isclass(value) and value.__module__ == module.__name__
    ]:
        found |= {
            name: value.__func__
            for name, value in vars(cls).items()
            if isinstance(value, staticmethod)
        }
    named = [
        (name, value)
        for name, value in found.items()
        if re.search("ste|tern|quant|proj", name.lower())
    ]
    callables = (type(guesses), mx.custom_function)
    return [Function(value) for _, value in named if isinstance(value, callables)]


def dense(made, weight, size):
    """The ternary matrix in a result: the array itself, one of several, or codes times scales."""
    parts = [part for part in parts_of(made) if isinstance(part, mx.array)]
    same_size = [part for part in parts if part.size == weight.size]
    scales = [part for part in parts if part.size * size == weight.size]
    for part in same_size:
        if scales and bool(mx.all(mx.abs(part) * (mx.abs(part) - 1) == 0)):
            grouped = part.astype(mx.float32).reshape(-1, size) * scales[0].reshape(-1, 1)
            return grouped.reshape(weight.shape).astype(weight.dtype)
    return same_size[0].reshape(weight.shape) if same_size else None


def by_layer(entry):
    """P(W), read off a layer: its answer to the identity is the transpose."""

    def apply(weight):
        built = layer_with(entry, weight.shape)
        built.put(weight)
        return built(mx.eye(weight.shape[1])).T

    return apply
