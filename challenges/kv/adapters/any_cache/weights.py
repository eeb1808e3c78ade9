"""The four weight matrices of an attention function or object, under whatever names it has."""

import re

import numpy as np

from .layouts import array_of
from .naming import slot

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


class Weights(dict):
    """Four matrices under whatever names the output uses for them."""

    def __missing__(self, name):
        for known in (slot(str(name)), f"w_{str(name).lower()}"):
            if known in self:
                return self[known]
        raise KeyError(name)

    def __getattr__(self, name):
        return self[name]


def weights_of(owner, *, deep=True):
    """Slot -> (object, attribute) of an attention object's four weight matrices.

    deep: they may be in a dictionary, or an object of their own, among its attributes.
    """
    found = {}
    for name, value in items_of(owner):
        stands_for = slot(str(name).strip("_"))
        if stands_for not in WEIGHTS and isinstance(owner, dict):
            stands_for = f"w_{str(name).lower()}"
        if stands_for not in (*WEIGHTS, "w_qkv"):
            continue
        inner = next((n for n in ("weight", "W", "w") if hasattr(value, n)), None)
        found[stands_for] = (value, inner) if inner else (owner, name)
    if not found and deep:
        inside = [weights_of(value, deep=False) for _, value in items_of(owner)]
        return next((places for places in inside if complete(places)), {})
    return found


def complete(places):
    """Whether all four matrices were found, or the one of three and the last."""
    return set(WEIGHTS) <= set(places) or {"w_qkv", "w_o"} <= set(places)


def items_of(owner):
    """Names and values of a dictionary, or of an object's attributes."""
    return list((owner if isinstance(owner, dict) else getattr(owner, "__dict__", {})).items())


def set_weights(owner, weights):
    """Put four matrices into an attention object, biases beside them to zero."""
    places = weights_of(owner)
    matrices = dict(zip(WEIGHTS, weights, strict=True))
    if "w_qkv" in places:
        holder, name = places["w_qkv"]
        rows, columns = np.shape(dict(items_of(holder))[name])
        matrices = {"w_qkv": np.concatenate(weights[:3], axis=int(columns > rows)), **matrices}
    for slot_name, matrix in matrices.items():
        if slot_name not in places:
            continue
        holder, name = places[slot_name]
        old = dict(items_of(holder))[name]
        value = matrix.tolist() if isinstance(old, list) else matrix
        if isinstance(holder, dict):
            holder[name] = value
        else:
            object.__setattr__(holder, name, value)  # it may be a frozen data class
    for name, value in vars(owner).items():
        if re.match(r"^_?b(ias)?_?[qkvo]$", name.lower()) and array_of(value) is not None:
            setattr(owner, name, np.zeros_like(value))
