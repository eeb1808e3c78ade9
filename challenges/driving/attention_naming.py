"""For adapters of attention: what a parameter is for, told by its name, and calling by that.

A function, or the class of an object, may be told the tile size and the mask itself, or in a
settings object: one of the annotation's class, or of a class that has them.
"""

import inspect

from .parameters import class_of_settings, is_needed, own_parameters
from .refusing import NotTestable

ROLES = {
    "q": ("q", "query", "queries"),
    "k": ("k", "key", "keys"),
    "v": ("v", "value", "values"),
    "tile": (
        "tile_size", "block_size", "tile", "block", "block_q", "block_k", "block_kv", "br", "bc",
        "tile_q", "tile_k", "tile_kv", "q_tile", "kv_tile", "block_m", "block_n", "bq", "bk", "bkv",
        "q_block_size", "kv_block_size", "block_size_q", "block_size_k", "block_size_kv",
        "tile_size_q", "tile_size_k", "tile_size_kv", "chunk_size",
    ),
    "causal": ("causal", "is_causal", "use_causal", "causal_mask", "use_causal_mask"),
}  # fmt: skip
SETTINGS = ("config", "cfg", "params", "args", "settings", "options", "opts")


def takes_queries(function):
    """Whether it has parameters for queries, keys and values."""
    own = {name.lower() for name in inspect.signature(function).parameters}
    return all(own & set(ROLES[role]) for role in "qkv")


def telling(module, function, cls):
    """The signature that speaks of the mask: the function's, its object's or that of settings."""
    kinds = [item for item in vars(module).values() if inspect.isclass(item)]
    near = [inspect.signature(item) for item in (function, *([cls] if cls else []))]
    known = [*near, *map(inspect.signature, filter(sized, kinds))]
    return next((s for s in known if set(ROLES["causal"]) & set(s.parameters)), near[0])


def sized(kind):
    """Whether a class is made with a tile's size."""
    return bool(set(ROLES["tile"]) & set(own_parameters(kind)))


def call(module, function, held, roles):
    """Call with what its parameters mean. Raises NotTestable for one that is needed and unknown.

    held: role -> value. roles: role -> the names that a parameter for it may have; a role is a name
    too. A buffer for the output, `out`, is given only to what cannot do without.
    """
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        low = name.lower()
        role = low if low in held else None
        role = role or next((r for r, names in roles.items() if low in names and r in held), None)
        if role and (is_needed(parameter) or role != "out"):
            given[name] = held[role]
        elif low in SETTINGS:
            kind = class_of_settings(module, parameter, sized)
            given[name] = call(module, kind, held, roles)
        elif is_needed(parameter):
            raise NotTestable(f"no known meaning for the parameter {name}")
    return function(**given)
