"""Where an object keeps keys and values, told by the names of its attributes."""

from challenges.driving.results import fields_of

from .layouts import array_of
from .naming import slot


def attribute_pair(owner, layer, layers):
    """The key store and the value store among an object's attributes, or None.

    layers: how many layers the object holds; a list of as many, or of those written so far, or a
    mapping by their numbers, holds one store each, or one mapping or object each with both.
    """
    state = getattr(owner, "state", None)
    held = vars(owner) | (state if isinstance(state, dict) else {})
    parts = {name: of_layer(value, layer, layers) for name, value in held.items()}
    parts = {name: part for name, part in parts.items() if part is not None}
    places = [held | parts, *(fields_of(part) or {} for part in parts.values())]
    pairs = (stores(place) for place in places)
    return next((pair for pair in pairs if pair), None)


def of_layer(value, layer, layers):
    """What a container has for one of so many layers; None where it has nothing for layers."""
    if isinstance(value, dict):
        return value.get(layer) if layers else None
    fits = isinstance(value, (list, tuple)) and layer < len(value) <= layers
    return value[layer] if fits else None


def stores(named):
    """The arrays that are named after keys and values, as a list of two, or None."""
    found = {}
    for name, value in named.items():
        stands_for = slot(str(name).strip("_"))
        if stands_for in ("k", "held_k", "v", "held_v") and array_of(value) is not None:
            found.setdefault(stands_for[-1], value)
    return [found["k"], found["v"]] if len(found) == 2 else None
