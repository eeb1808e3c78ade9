"""For a layer object: LayerNorm(width) with forward(x) and backward(dy), and attributes."""

import inspect

EXPORTS = {"LayerNorm": ("forward", "backward")}

SCALE, SHIFT, EPS = ("gamma", "weight", "g"), ("beta", "bias", "b"), ("eps", "epsilon")
GRADIENTS = (("dgamma", "grad_gamma", "dweight"), ("dbeta", "grad_beta", "dbias"))


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Roles: forward makes a layer, which is the cache; backward asks it for the gradients."""

    def layer_norm_forward(x, gamma, beta, eps):
        layer = make(module.LayerNorm, x.shape[-1], eps)
        for names, value in ((SCALE, gamma), (SHIFT, beta), (EPS, eps)):
            setattr(layer, held(layer, names) or names[0], value)
        return layer.forward(x), layer

    def layer_norm_backward(dy, cache):
        made = cache.backward(dy)
        if isinstance(made, (tuple, list)):
            return made
        return (made, *(getattr(cache, held(cache, names), None) for names in GRADIENTS))

    return {"layer_norm_forward": layer_norm_forward, "layer_norm_backward": layer_norm_backward}


def make(cls, width, eps):
    """A layer of this width; eps is passed where the constructor takes it."""
    names = inspect.signature(cls).parameters
    return cls(width, **{name: eps for name in EPS if name in names})


def held(layer, names):
    """The first of these names that the layer has, or ''."""
    return next((name for name in names if hasattr(layer, name)), "")
