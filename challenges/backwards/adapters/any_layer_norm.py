"""For a pair of functions or a layer object whose interface differs beyond names and order.

Functions: the parameters may sit in an object, backward may take what it needs one by one in place
of a cache, forward may return y alone, or y and the function that goes back. Layers:
LayerNorm(width) with forward(x) or __call__, and backward(dy), the parameters and their gradients
in attributes; or static methods, the first of which saves to a context. What a parameter is for is
told by its name; an object is made with the class of its annotation, or is one with those names.
"""

import inspect

from challenges.driving.parameters import is_needed
from challenges.driving.refusing import NotTestable
from challenges.driving.saving import fresh_context, saves_to_context

EXPORTS = {
    "*forward*|*fwd*|*[Nn]orm*|ln*": (),
    "*backward*|*bwd*|*grad*|[A-Z]*|*()": ("backward",),  # (): a function that returns its own
}

NAMES = {
    "dy": ("dy", "dout", "grad_output", "grad_out", "d_y", "upstream", "grad", "dl_dy", "g_out"),
    "x": ("x", "inp", "input", "inputs"),
    "gamma": ("gamma", "weight", "scale", "w", "g"),
    "beta": ("beta", "bias", "shift", "b"),
    "eps": ("eps", "epsilon", "variance_epsilon"),
    "cache": ("cache", "ctx", "context", "saved", "state", "saved_tensors", "residuals"),
}
GRADIENTS = (
    ("dgamma", "grad_gamma", "dweight", "d_gamma", "grad_weight", "gamma_grad", "weight_grad"),
    ("dbeta", "grad_beta", "dbias", "d_beta", "grad_bias", "beta_grad", "bias_grad"),
)
BUNDLES = ("params", "parameters", "p", "weights", "config", "cfg", "args")


class Bundle(dict):
    """What a function looks up by name in an object or a mapping of its own."""

    __getattr__ = dict.__getitem__


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Both roles, through a pair of functions if there is one, else through a layer class."""
    pair = [find(module, *words) for words in (("forward", "fwd"), ("backward", "bwd", "grad"))]
    if all(pair):
        return through_functions(module, *pair)
    closing = find(module, "norm", "layernorm", "ln", "forward", "fwd")
    if closing and not pair[1] and makes_a_function(closing):
        return through_functions(module, closing, None)
    cls = layer_class(module)
    if all(is_static(cls, name) for name in ("forward", "backward")):
        return through_functions(module, cls.forward, cls.backward)
    return through_layer(module, cls)


def is_static(cls, name):
    """Whether this method needs no object."""
    return isinstance(inspect.getattr_static(cls, name, None), (staticmethod, classmethod))


def through_functions(module, forward, backward):
    """Forward keeps its own inputs and results; backward is given those that it names."""

    def layer_norm_forward(x, gamma, beta, eps):
        held = {"x": x, "gamma": gamma, "beta": beta, "eps": eps}
        if saves_to_context(forward):
            held["cache"] = fresh_context(module)
        made = call(module, forward, held)
        y, *rest = made if isinstance(made, tuple) else (made,)
        return y, (held, rest)

    def layer_norm_backward(dy, cache):
        held, rest = cache
        if backward is None:
            return pullback(rest)(dy)
        return call(module, backward, {**held, "dy": dy}, list(rest))

    return {"layer_norm_forward": layer_norm_forward, "layer_norm_backward": layer_norm_backward}


def makes_a_function(function):
    """Whether a function defines another one, as does one that returns its own way back."""
    return any(inspect.iscode(part) for part in function.__code__.co_consts)


def pullback(rest):
    """The one callable among what forward returned beside y."""
    found = [part for part in rest if callable(part)]
    if not found:
        raise NotTestable("there is no backward, and forward returns no function")
    return found[0]


def through_layer(module, cls):
    """Forward makes a layer, which is the cache; backward asks it for the gradients."""

    def layer_norm_forward(x, gamma, beta, eps):
        takes_eps = set(inspect.signature(cls).parameters) & set(NAMES["eps"])
        layer = call(module, cls, {"eps": eps}, [x.shape[-1]])
        if not takes_eps:
            put(layer, NAMES["eps"], eps)
        for role, value in (("gamma", gamma), ("beta", beta)):
            put(layer, NAMES[role], value)
        made = (layer.forward if hasattr(layer, "forward") else layer)(x)
        y, *rest = made if isinstance(made, tuple) else (made,)
        return y, (layer, rest)

    def layer_norm_backward(dy, cache):
        layer, rest = cache
        made = call(module, layer.backward, {"dy": dy}, list(rest))
        if isinstance(made, (tuple, list)):
            return made
        return (made, *(got(layer, names) for names in GRADIENTS))

    return {"layer_norm_forward": layer_norm_forward, "layer_norm_backward": layer_norm_backward}


def call(module, function, held, rest=()):
    """Call with what its parameters mean; `rest` fills, in order, those that nothing explains.

    What forward returned beside y is one cache, or as many values as there are places for them.
    """
    given, rest = {}, list(rest)
    for name, parameter in inspect.signature(function).parameters.items():
        role = next((r for r, names in NAMES.items() if name.lower() in names and r in held), None)
        kind = parameter.annotation
        kind = vars(module).get(kind) if isinstance(kind, str) else kind
        own = inspect.isclass(kind) and any(kind is item for item in vars(module).values())
        if role:
            given[name] = held[role]
        elif name in BUNDLES and held and not (own and set(held) <= {"dy"}):
            given[name] = call(module, kind, held) if own else Bundle(spelled(held))
        elif rest:
            given[name] = rest.pop(0)
        elif is_needed(parameter):
            raise NotTestable(f"no known meaning for the parameter {name}")
    return function(**given)


def spelled(held):
    """Each value under every name that it may be looked up by."""
    return {name: value for role, value in held.items() for name in NAMES[role]}


def find(module, *words):
    """The module's function for a direction, one with `norm` or `ln` in its name first."""
    named = [
        (not any(part in name.lower() for part in ("norm", "ln")), len(name), item)
        for name, item in vars(module).items()
        if inspect.isfunction(item) and any(word in name.lower().split("_") for word in words)
    ]
    usable = [item for *_, item in sorted(named, key=lambda each: each[:2]) if fits(item)]
    return usable[0] if usable else None


def fits(function):
    """Whether one of its parameters is an input or an upstream gradient, and no test helper."""
    own = {name.lower() for name in inspect.signature(function).parameters}
    name = function.__name__.lower()
    plain = not any(word in name for word in ("test", "check", "naive", "numeric", "reference"))
    return plain and bool(own & {*NAMES["x"], *NAMES["dy"]})


def layer_class(module):
    """The class with a backward method, the one named after a norm first."""
    kinds = [item for item in vars(module).values() if inspect.isclass(item)]
    kinds = [k for k in kinds if hasattr(k, "backward")]
    if not kinds:
        raise NotTestable("neither two functions nor a layer with a backward method")
    return min(kinds, key=lambda kind: "norm" not in kind.__name__.lower())


def homes(layer):
    """The layer's attributes, and the dictionaries among them."""
    yield vars(layer)
    for value in list(vars(layer).values()):
        if isinstance(value, dict):
            yield value


def got(layer, names):
    """The first of these names that the layer, or a dictionary of its own, holds; else None."""
    found = (home[name] for home in homes(layer) for name in names if name in home)
    return next(found, None)


def put(layer, names, value):
    """Set the attribute, or the item of a dictionary, that has one of these names."""
    for home in homes(layer):
        name = next((name for name in names if name in home), None)
        if name is not None:
            home[name] = value
            return
    raise NotTestable(f"the layer has no attribute for {names[0]}")
