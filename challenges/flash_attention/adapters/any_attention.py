"""For a function or an object whose interface differs beyond names and order.

A function may take the buffer that it writes to, or its settings in an object; an object may be
told the tile size when it is made or when it is called. What a parameter is for is told by its
name; a settings object is made with the class of its annotation, or one that has the settings.
"""

import contextlib
import inspect
import re

import numpy as np

EXPORTS = {"*[Ff]lash*|*[Aa]ttention*|*[Aa]ttn*|*[Tt]iled*": ()}

METHODS = ("forward", "__call__", "attend", "compute", "run", "attention", "fwd", "apply")
NOT_IT = re.compile(r"naive|ref|standard|test|check|bench|demo|simple|full|dense|backward|bwd|grad")
NAMES = {
    "q": ("q", "query", "queries"),
    "k": ("k", "key", "keys"),
    "v": ("v", "value", "values"),
    "out": ("out", "output", "o", "out_buffer", "result"),
    "tile": (
        "tile_size", "block_size", "tile", "block", "block_q", "block_k", "block_kv", "br", "bc",
        "tile_q", "tile_k", "tile_kv", "q_tile", "kv_tile", "block_m", "block_n", "bq", "bk", "bkv",
        "q_block_size", "kv_block_size", "block_size_q", "block_size_k", "block_size_kv",
        "tile_size_q", "tile_size_k", "tile_size_kv", "chunk_size",
    ),
    "causal": ("causal", "is_causal", "use_causal", "causal_mask", "use_causal_mask"),
}  # fmt: skip
SETTINGS = ("config", "cfg", "params", "args", "settings", "options", "opts")


class NotTestable(Exception):
    """An interface that is not understood; the text says why."""


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
        function = getattr(call(module, cls, held), function.__name__)
    made = call(module, function, held)
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


def telling(module, function, cls):
    """The signature that speaks of the mask: the function's, its object's or that of settings."""
    kinds = [item for item in vars(module).values() if inspect.isclass(item)]
    near = [inspect.signature(item) for item in (function, *([cls] if cls else []))]
    known = [*near, *map(inspect.signature, filter(sized, kinds))]
    return next((s for s in known if set(NAMES["causal"]) & set(s.parameters)), near[0])


def sized(kind):
    """Whether a class is made with a tile's size."""
    return bool(set(NAMES["tile"]) & set(inspect.signature(kind).parameters))


def attends(function):
    """Whether it can be called, and has parameters for queries, keys and values."""
    name = getattr(function, "__name__", "_")
    if not inspect.isfunction(function) or (name.startswith("_") and name != "__call__"):
        return False
    own = {name.lower() for name in inspect.signature(function).parameters}
    return all(own & set(NAMES[role]) for role in "qkv")


def call(module, function, held):
    """Call with what its parameters mean. Raises NotTestable for one that is needed and unknown."""
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        role = next((r for r, names in NAMES.items() if name.lower() in names), None)
        needed = parameter.default is parameter.empty and parameter.kind < 2
        if role == "out" and not needed:
            continue
        if role in held:
            given[name] = held[role]
        elif name.lower() in SETTINGS:
            given[name] = settings(module, parameter, held)
        elif needed and name != "self":
            raise NotTestable(f"no known meaning for the parameter {name}")
    return function(**given)


def settings(module, parameter, held):
    """A settings object: of the annotated class, else of one with a size among its fields."""
    kinds = {name: item for name, item in vars(module).items() if inspect.isclass(item)}
    wanted = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    known = [kinds[wanted]] if wanted in kinds else list(filter(sized, kinds.values()))
    if not known:
        raise NotTestable(f"no class was found for the parameter {parameter.name}")
    return call(module, known[0], held)
