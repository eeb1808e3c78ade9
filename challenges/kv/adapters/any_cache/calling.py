"""Calling by slot: every parameter is given what its name stands for."""

import enum
import inspect

from challenges.driving.refusing import NotTestable

from .naming import meanings, parameters, slot

PLACES = {"k", "v", "layer", "row", "head", "cache", "num_layers"}


def fill(function, known, pieces=None, bare=False):
    """Keyword arguments for a callable from what is known by slot. Raises NotTestable.

    bare: leave defaults alone, but for what says where in a cache something is.
    """
    given, means = {}, meanings(function)
    for name, parameter in parameters(function).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        stands_for = means[name]
        if bare and parameter.default is not parameter.empty and stands_for not in PLACES:
            continue
        made = made_weights(parameter, known, pieces) if stands_for == "weights" else None
        if made is not None:
            given[name] = made
        elif isinstance(parameter.default, enum.Enum):
            given[name] = member_like(parameter.default, known.get(slot(name)))
        elif stands_for in known:
            given[name] = known[stands_for]
        elif stands_for == "config" and pieces:
            given[name] = pieces.config(parameter, known)
        elif parameter.default is parameter.empty:
            given[name] = member_of(parameter, pieces)
    return given


def made_weights(parameter, known, pieces):
    """Weights as an object of the annotated class of the output, or None if it says none."""
    annotation = parameter.annotation
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    kind = pieces.classes.get(name) if pieces else None
    if kind is None or "weights" not in known:
        return None
    return call(kind, {**known, **known["weights"]}, pieces)


def member_like(default, wanted):
    """The member of an enumeration that stands for a dtype; the default where none does."""
    text = getattr(wanted, "__name__", "")
    values = {str(getattr(m.value, "__name__", m.value)): m for m in type(default)}
    return values.get(text, values.get("float32", default))


def member_of(parameter, pieces):
    """The first member, for a parameter annotated with one of the output's enumerations."""
    annotation = parameter.annotation
    kind = pieces.classes.get(annotation) if pieces and isinstance(annotation, str) else annotation
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    raise NotTestable(f"no known meaning for the parameter {parameter.name}")


def call(function, known, pieces=None, bare=False):
    """Call with every parameter that is known by slot; see fill."""
    given = fill(function, known, pieces, bare)
    positional = [p.name for p in parameters(function).values() if p.kind is p.POSITIONAL_ONLY]
    return function(*(given.pop(name) for name in positional if name in given), **given)
