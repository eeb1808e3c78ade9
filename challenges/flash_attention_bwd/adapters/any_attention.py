"""For functions or an object whose interface differs beyond names and order.

Backward may take Q, K, V, O and L one by one in place of a cache; both may be methods of one
object, or take a context that forward saves to. What a parameter is for is told by its name.
"""

import inspect
import re
import types

EXPORTS = {"*[Ff]lash*|*[Aa]ttention*|*[Aa]ttn*|*[Tt]iled*": ()}

NOT_IT = re.compile(r"naive|ref|standard|test|check|bench|demo|simple|full|dense|numeric")
FORWARD, BACKWARD = ("forward", "fwd", "__call__"), ("backward", "bwd", "grad", "grads")
SIZES = (
    "tile_size", "block_size", "tile", "block", "block_q", "block_k", "block_kv", "br", "bc",
    "tile_q", "tile_k", "tile_kv", "block_m", "block_n", "bq", "bk", "q_block_size",
    "kv_block_size", "block_size_q", "block_size_k", "block_size_kv", "chunk_size",
)  # fmt: skip
NAMES = {
    "q": ("q", "query", "queries"),
    "k": ("k", "key", "keys"),
    "v": ("v", "value", "values"),
    "o": ("o", "out", "output"),
    "do": ("do", "dout", "d_o", "grad_out", "grad_output", "d_out", "grad_o", "upstream", "dy"),
    "lse": ("l", "lse", "logsumexp", "log_sum_exp", "softmax_lse", "l_vec"),
    "tile": SIZES,
    "causal": ("causal", "is_causal", "use_causal", "causal_mask"),
    "ctx": ("ctx", "context"),
    "cache": ("cache", "saved", "state", "residuals", "saved_tensors"),
}
STATISTICS = {1: (NAMES["lse"],), 2: (("m", "row_max"), ("l", "row_sum"))}
SETTINGS = ("config", "cfg", "params", "args", "settings", "options", "opts")


class NotTestable(Exception):
    """An interface that is not understood; the text says why."""


class Context(types.SimpleNamespace):
    """What a forward in the style of automatic differentiation saves to."""

    def save_for_backward(self, *arrays):
        """Keep arrays for backward."""
        self.saved_tensors = arrays


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Both roles: by two functions, else by two methods of one class."""
    forward, backward = (find(vars(module), words) for words in (FORWARD, BACKWARD))
    cls = None
    if not (forward and backward):
        cls = next((c for c in vars(module).values() if inspect.isclass(c) and paired(c)), None)
    if cls is None and not (forward and backward):
        raise NotTestable("no forward that takes Q, K and V with a backward beside it")

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        held = {"q": Q, "k": K, "v": V, "tile": tile_size, "causal": causal}
        held["ctx"] = context(module)
        one, other = (forward, backward) if cls is None else methods(module, cls, held)
        made = call(module, one, held)
        out, rest = named_parts(made) if isinstance(made, tuple) else (made, {})
        return out, {"backward": other, "held": {**held, "o": out, **rest}, "lse": rest.get("lse")}

    def flash_attention_bwd(dO, cache, tile_size, causal):
        held = {**cache["held"], "do": dO, "tile": tile_size, "causal": causal}
        made = call(module, cache["backward"], held)
        return made[:3] if isinstance(made, tuple) and type(made) is tuple else made

    roles = {
        "flash_attention_fwd": (flash_attention_fwd, FORWARD, forward),
        "flash_attention_bwd": (flash_attention_bwd, BACKWARD, backward),
    }
    for role, words, function in roles.values():
        role.__wrapped__ = getattr(cls, named_method(cls, words)) if cls else function
        role.__signature__ = telling(module, role.__wrapped__, cls)
    return {name: role for name, (role, *_) in roles.items()}


def telling(module, function, cls):
    """The signature that speaks of the mask: the function's, its object's or that of settings."""
    kinds = [item for item in vars(module).values() if inspect.isclass(item)]
    near = [inspect.signature(item) for item in (function, *([cls] if cls else []))]
    known = [*near, *map(inspect.signature, filter(sized, kinds))]
    return next((s for s in known if set(NAMES["causal"]) & set(s.parameters)), near[0])


def sized(kind):
    """Whether a class is made with a tile's size."""
    return bool(set(SIZES) & set(inspect.signature(kind).parameters))


def named_parts(made):
    """The output, and what follows it by the names that backward may have for it."""
    out, *rest = made
    held = {"cache": rest[0] if len(rest) == 1 else tuple(rest)}
    for names, value in zip(STATISTICS.get(len(rest), ()), rest, strict=False):
        held |= dict.fromkeys(names, value)
    if isinstance(held["cache"], dict):
        named = {name.lower(): value for name, value in held["cache"].items()}
        held["lse"] = next((named[name] for name in NAMES["lse"] if name in named), None)
    elif "l" in held:
        held["lse"] = held["l"]
    return out, held


def methods(module, cls, held):
    """Forward and backward of a fresh object, or of the class where it needs none."""
    static = all(
        isinstance(inspect.getattr_static(cls, name), (staticmethod, classmethod))
        for name in (named_method(cls, FORWARD), named_method(cls, BACKWARD))
    )
    owner = cls if static else call(module, cls, held)
    return [getattr(owner, named_method(cls, words)) for words in (FORWARD, BACKWARD)]


def named_method(cls, words):
    """The first of these methods that the class has, or ""."""
    return next((name for name in words if callable(getattr(cls, name, None))), "")


def paired(cls):
    """Whether a class has a forward that takes Q, K and V, and a backward."""
    own = [name for name in FORWARD if name in vars(cls)]
    return bool(own) and attends(getattr(cls, own[0])) and bool(named_method(cls, BACKWARD))


def find(namespace, words):
    """The function for one direction: its name ends so, one with `flash` in it first."""
    fitting = [
        ("flash" not in name.lower(), name)
        for name, item in namespace.items()
        if inspect.isfunction(item)
        and not name.startswith("_")
        and name.lower().rpartition("_")[2] in words
        and not NOT_IT.search(name.lower())
        and (attends(item) or words is BACKWARD)
    ]
    return namespace[min(fitting)[1]] if fitting else None


def attends(function):
    """Whether it has parameters for queries, keys and values."""
    own = {name.lower() for name in inspect.signature(function).parameters}
    return all(own & set(NAMES[role]) for role in "qkv")


def context(module):
    """The module's own class to save to, else ours."""
    kinds = (c for c in vars(module).values() if hasattr(c, "save_for_backward"))
    kind = next((c for c in kinds if inspect.isclass(c)), Context)
    return kind()


def call(module, function, held):
    """Call with what its parameters mean. Raises NotTestable for one that is needed and unknown."""
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        low = name.lower()
        role = low if low in held else None
        role = role or next((r for r, names in NAMES.items() if low in names and r in held), None)
        if role:
            given[name] = held[role]
        elif low in SETTINGS:
            given[name] = settings(module, parameter, held)
        elif parameter.default is parameter.empty and parameter.kind < 2:
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
