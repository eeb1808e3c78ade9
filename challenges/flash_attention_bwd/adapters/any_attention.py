"""For functions or an object whose interface differs beyond names and order.

Backward may take Q, K, V, O and L one by one in place of a cache; both may be methods of one
object, or take a context that forward saves to; or forward returns O and the way back. What a
parameter is for is told by its name.
"""

import inspect
import re

from challenges.driving.attention_naming import ROLES, call, takes_queries, telling
from challenges.driving.refusing import NotTestable
from challenges.driving.saving import CONTEXTS, fresh_context, saves_to_context

EXPORTS = {"*[Ff]lash*|*[Aa]ttention*|*[Aa]ttn*|*[Tt]iled*": ()}

NOT_IT = re.compile(r"naive|ref|standard|test|check|bench|demo|simple|full|dense|numeric")
FORWARD, BACKWARD = ("forward", "fwd", "__call__"), ("backward", "bwd", "grad", "grads")
NAMES = {
    **ROLES,
    "o": ("o", "out", "output"),
    "do": ("do", "dout", "d_o", "grad_out", "grad_output", "d_out", "grad_o", "upstream", "dy"),
    "lse": ("l", "lse", "logsumexp", "log_sum_exp", "softmax_lse", "l_vec"),
    "ctx": CONTEXTS,
    "cache": ("cache", "saved", "state", "residuals", "saved_tensors", *CONTEXTS),
}
STATISTICS = {1: (NAMES["lse"],), 2: (("m", "row_max"), ("l", "row_sum"))}


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Both roles: by two functions, else by two methods of one class."""
    cls, forward, backward = passes(module)

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        held = {"q": Q, "k": K, "v": V, "tile": tile_size, "causal": causal}
        one, other = (forward, backward) if cls is None else methods(module, cls, held)
        if saves_to_context(one):
            held["ctx"] = fresh_context(module)
        made = call(module, one, held, NAMES)
        out, rest = named_parts(made) if isinstance(made, tuple) else (made, {})
        other = other or rest.get("cache")
        if not callable(other):
            raise NotTestable("there is no backward, and forward returns no function")
        return out, {"backward": other, "held": {**held, "o": out, **rest}, "lse": rest.get("lse")}

    def flash_attention_bwd(dO, cache, tile_size, causal):
        held = {**cache["held"], "do": dO, "tile": tile_size, "causal": causal}
        closed = cls is None and backward is None
        made = cache["backward"](dO) if closed else call(module, cache["backward"], held, NAMES)
        return made[:3] if isinstance(made, tuple) and type(made) is tuple else made

    roles = {
        "flash_attention_fwd": (flash_attention_fwd, FORWARD, forward),
        "flash_attention_bwd": (flash_attention_bwd, BACKWARD, backward or forward),
    }
    for role, words, function in roles.values():
        role.__wrapped__ = getattr(cls, named_method(cls, words)) if cls else function
        role.__signature__ = telling(module, role.__wrapped__, cls)
    return {name: role for name, (role, *_) in roles.items()}


def passes(module):
    """(class, forward, backward): two functions, a class of both, or one that returns the other."""
    forward, backward = (find(vars(module), words) for words in (FORWARD, BACKWARD))
    if forward and backward:
        return None, forward, backward
    kinds = filter(inspect.isclass, vars(module).values())
    cls = next(filter(paired, kinds), None)
    closing = next(filter(makes_a_function, vars(module).values()), None)
    if cls is None and closing is None:
        raise NotTestable("no forward that takes Q, K and V with a backward beside it")
    return cls, None if cls else closing, None


def makes_a_function(item):
    """Whether it takes Q, K and V and defines a function, which may be its way back."""
    if not inspect.isfunction(item) or NOT_IT.search(item.__name__) or not takes_queries(item):
        return False
    inner = filter(inspect.iscode, item.__code__.co_consts)
    return any(not code.co_name.startswith("<") for code in inner)


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
    owner = cls if static else call(module, cls, held, NAMES)
    return [getattr(owner, named_method(cls, words)) for words in (FORWARD, BACKWARD)]


def named_method(cls, words):
    """The first of these methods that the class has, or ""."""
    return next((name for name in words if callable(getattr(cls, name, None))), "")


def paired(cls):
    """Whether a class has a forward that takes Q, K and V, and a backward."""
    own = [name for name in FORWARD if name in vars(cls)]
    return bool(own) and takes_queries(getattr(cls, own[0])) and bool(named_method(cls, BACKWARD))


def find(namespace, words):
    """The function for one direction: its name ends so, one with `flash` in it first."""
    fitting = [
        ("flash" not in name.lower(), name)
        for name, item in namespace.items()
        if inspect.isfunction(item)
        and not name.startswith("_")
        and name.lower().rpartition("_")[2] in words
        and not NOT_IT.search(name.lower())
        and (takes_queries(item) or words is BACKWARD)
    ]
    return namespace[min(fitting)[1]] if fitting else None
