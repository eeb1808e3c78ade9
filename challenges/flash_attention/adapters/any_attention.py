"""For a function or an object whose interface differs beyond names and order.

A function may take the buffer that it writes to, or its settings in an object; an object may be
told the tile size when it is made or when it is called. What a parameter is for is told by its
name; a settings object is made with the class of its annotation, or one that has the settings.
"""

import contextlib
import inspect
import re

import numpy as np

from challenges.driving.attention_naming import ROLES, call, takes_queries, telling
from challenges.driving.refusing import NotTestable

EXPORTS = {"*[Ff]lash*|*[Aa]ttention*|*[Aa]ttn*|*[Tt]iled*": ()}

METHODS = ("forward", "__call__", "attend", "compute", "run", "attention", "fwd", "apply")
NOT_IT = re.compile(r"naive|ref|standard|test|check|bench|demo|simple|full|dense|backward|bwd|grad")
NAMES = {**ROLES, "out": ("out", "output", "o", "out_buffer", "result")}


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """The one role, by the first function or method that answers four axes, else one head's two."""
    function, cls, by_head = chosen(module, candidates(module))

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        held = {"tile": tile_size, "causal": causal}
        if not by_head:
            return asked(module, function, cls, {**held, "q": Q, "k": K, "v": V})
        out = np.empty_like(Q)
        for at in np.ndindex(Q.shape[:2]):
            out[at] = asked(module, function, cls, {**held, "q": Q[at], "k": K[at], "v": V[at]})
        return out

    flash_attention_fwd.__wrapped__ = function
    flash_attention_fwd.__signature__ = telling(module, function, cls)
    return {"flash_attention_fwd": flash_attention_fwd}


def asked(module, function, cls, held):
    """What a function, or a method of a fresh object, returns or writes."""
    held = {**held, "out": np.empty_like(held["q"])}
    if cls is not None:
        function = getattr(call(module, cls, held, NAMES), function.__name__)
    made = call(module, function, held, NAMES)
    return held["out"] if made is None else made


def candidates(module):
    """(function, None) and (method, class), by name, of what takes queries, keys and values."""
    named = sorted(vars(module).items(), key=lambda item: ("flash" not in item[0].lower(), item[0]))
    named = [(name, item) for name, item in named if not NOT_IT.search(name.lower())]
    found = [(item, None) for _, item in named if attends(item)]
    kinds = [item for _, item in named if inspect.isclass(item)]
    methods = [(getattr(kind, name, None), kind) for kind in kinds for name in METHODS]
    found += [(method, kind) for method, kind in methods if attends(method)]
    if not found:
        raise NotTestable("no function and no method takes Q, K and V")
    return found


def chosen(module, found):
    """(function, class, False) of the first that answers with its input's shape; see entry."""
    draw = np.random.default_rng(0)
    for shape in ((1, 2, 4, 3), (4, 3)):
        q, k, v = (draw.standard_normal(shape) for _ in range(3))
        for function, cls in found:
            held = {"q": q, "k": k, "v": v, "tile": 2, "causal": True}
            with contextlib.suppress(Exception):  # it may do anything with what it isn't made for
                made = parts(asked(module, function, cls, held))
                if any(np.shape(part) == shape for part in made):
                    return function, cls, len(shape) == 2
    return *found[0], False


def parts(made):
    """The result, and what it is made of."""
    if isinstance(made, np.ndarray):
        return [made]
    held = vars(made) if hasattr(made, "__dict__") else made
    return list(held.values() if isinstance(held, dict) else held)


def attends(function):
    """Whether it is a function for others to call, of queries, keys and values."""
    name = getattr(function, "__name__", "_")
    if not inspect.isfunction(function) or (name.startswith("_") and name != "__call__"):
        return False
    return takes_queries(function)
