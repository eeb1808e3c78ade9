"""For a backward that takes what it needs one by one in place of a cache.

Forward may return y alone, or y and statistics. Backward is given, by name, the inputs of forward,
and what followed y, in order, for the parameters that nothing else explains.
"""

import inspect

EXPORTS = {"layer*norm*forward": (), "layer*norm*backward": ()}

UPSTREAM = ("dy", "dout", "grad_output", "grad_out", "d_y", "upstream")
NAMES = {
    "x": ("x", "inp", "input", "inputs"),
    "gamma": ("gamma", "weight", "scale", "w"),
    "beta": ("beta", "bias", "shift", "b"),
    "eps": ("eps", "epsilon"),
}


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Forward keeps its own inputs and results; backward is given those that it names."""
    forward, backward = find(module, "forward"), find(module, "backward")

    def layer_norm_forward(x, gamma, beta, eps):
        held = spelled(x=x, gamma=gamma, beta=beta, eps=eps)
        made = forward(**{n: held[n] for n in inspect.signature(forward).parameters if n in held})
        y, *rest = made if isinstance(made, tuple) else (made,)
        return y, (held, rest)

    def layer_norm_backward(dy, cache):
        held, rest = cache
        offered = held | dict.fromkeys(UPSTREAM, dy)
        left = iter(rest)
        names = inspect.signature(backward).parameters
        return backward(**{n: offered[n] if n in offered else next(left) for n in names})

    return {"layer_norm_forward": layer_norm_forward, "layer_norm_backward": layer_norm_backward}


def find(module, direction):
    """The module's function for this direction."""
    wanted = f"layernorm{direction}"
    return next(v for n, v in vars(module).items() if n.lower().replace("_", "") == wanted)


def spelled(**values):
    """Each value under every name that a parameter for it may have."""
    return {name: value for role, value in values.items() for name in NAMES[role]}
