"""Caches without a class: what functions make and take, or tuples that are passed around."""

import inspect
import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .naming import parameters, required, slot, slots
from .pieces import methods

MAKES = re.compile(r"^(create|make|init|new|alloc|allocate|build|empty)_?.*(cache|kv)")
ADVANCES = re.compile(r"^_?(advance|increment|commit|bump|move|finish|end|step|set_next)")
PASSED = {"cache", "caches", "k", "v", "held_k", "held_v"}


class Held:
    """A cache without a class: what functions make, take and return, kept under `state`."""

    ours = False

    def hold(self, state):
        """Keep a state; the items of a dictionary, or of a pair, are attributes too."""
        self.state = state
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})
        elif hasattr(state, "_asdict"):
            self.__dict__.update(state._asdict())
        elif isinstance(state, tuple) and len(state) == 2:
            self.k, self.v = state


class Past(Held):
    """The tuple of past keys and values that attention takes and returns; None before the first."""

    ours = True

    def __init__(self):
        self.state = None

    def append(self, k, v):
        """(B, H, T, d): our own code, used to see what attention does; it is not judged."""
        if self.state is not None:
            k, v = (np.concatenate(pair, axis=2) for pair in zip(self.state, (k, v), strict=True))
        self.hold((np.array(k), np.array(v)))


class Filled(Past):
    """A dictionary, empty at first, that attention is given and fills."""

    def __init__(self):
        self.state = {}

    def append(self, k, v):
        """(B, H, T, d): our own code, used to see what attention does; it is not judged."""
        for name, new in (("k", k), ("v", v)):
            held = [self.state[name]] if name in self.state else []
            self.state[name] = np.concatenate([*held, new], axis=2)


class Within(Held):
    """The keys and values that an attention object keeps in its own attributes."""

    ours = within = True
    state = None

    def __init__(self, owner=None):
        if owner is not None:
            self.__dict__ = vars(owner)

    def append(self, k, v):
        """Only the attention object writes."""
        raise NotTestable(f"keys {np.shape(k)} and values {np.shape(v)} are kept inside attention")


def state_of(owner):
    """What the output's own functions take for a cache."""
    return owner.state if isinstance(owner, Held) else owner


def classes_of_functions(pieces):
    """A class for each function that makes a cache, its methods the functions that take a cache."""
    takers = {n: f for n, f in pieces.functions.items() if "cache" in slots(f)}
    for name, maker in pieces.functions.items():
        if makes_cache(name.lower(), maker) and "cache" not in slots(maker):
            body = {n: method_of(f) for n, f in takers.items()}
            body |= {"__init__": maker_of(maker), "__module__": maker.__module__}
            body["__signature__"] = inspect.signature(maker)
            yield name, type(name, (Held,), body)
    attending = [m for kind in pieces.classes.values() for _, m in methods(kind)]
    attending = [f for f in (*takers.values(), *attending) if "cache" in slots(f)]
    if any(keeps_inside(kind) for kind in pieces.classes.values()):
        yield "inside attention", Within
    attending = [f for f in attending if {"x", "q"} & slots(f)]
    if any(not required(f, "cache") for f in attending):
        yield "past", Past
    written = (m for kind in pieces.classes.values() for _, m in methods(kind))
    if any(required(f, "cache") for f in attending) and not any(map(takes_pairs, written)):
        yield "filled", Filled


def takes_pairs(method):
    """Whether it takes keys and values, as one that writes to a cache does."""
    return {"k", "v"} <= slots(method)


def makes_cache(name, maker):
    """Whether a function makes a cache, by its name or by what it says that it returns."""
    returned = inspect.signature(maker).return_annotation
    said = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
    sized = {"head_dim", "max_seq_len"} <= slots(maker)
    return bool(MAKES.search(name)) or (sized and "cache" in said.lower())


def keeps_inside(kind):
    """Whether a class attends, and takes neither a cache nor keys and values to do so."""
    return any(
        re.search(r"att(n|en)", kind.__name__.lower())
        and {"x"} <= slots(m)
        and not PASSED & slots(m)
        for _, m in methods(kind)
    )


def maker_of(function):
    """An __init__ that holds what a function makes."""

    def make(self, **given):
        self.hold(function(**given))

    return make


def method_of(function):
    """A function of a cache as a method; a writer may return the new state."""
    cache = next(name for name in parameters(function) if slot(name) == "cache")

    def method(self, **given):
        result = function(**{cache: self.state}, **given)
        writes = {"k", "v"} <= slots(function) or ADVANCES.search(function.__name__)
        self.hold(result if writes and type(result) is type(self.state) else self.state)
        return result

    method.__name__ = method.__qualname__ = function.__name__
    signature = inspect.signature(function)
    method.__signature__ = signature.replace(
        parameters=[p for name, p in signature.parameters.items() if name != cache]
    )
    return method


def own_cache(owner, kind):
    """The attribute of an object that is a cache of this class, or None."""
    if getattr(kind, "within", False):
        names = {slot(name.strip("_")) for name in vars(owner)}
        return kind(owner) if {"held_k", "held_v"} <= names or {"k", "v"} <= names else None
    return next((v for v in vars(owner).values() if isinstance(v, kind)), None)
