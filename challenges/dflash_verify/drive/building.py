"""Making a small model of an output's class, by what its constructor's parameters are called."""

import inspect

import numpy as np

from challenges.driving.parameters import is_needed

SIZES = {
    "vocab": 48, "headdim": 16, "dmodel": 32, "hidden": 32, "emb": 32, "dim": 32, "width": 32,
    "head": 2, "layer": 2, "blocksize": 128, "block": 2, "max": 128, "len": 128, "ctx": 128,
    "context": 128, "ff": 64, "inter": 64, "mlp": 64, "seed": 0,
}  # fmt: skip


def classes(module):
    """Classes that the output's module defines or imports from its siblings."""
    own = [value for value in vars(module).values() if inspect.isclass(value)]
    return [c for c in own if c.__module__.partition(".")[0] == module.__name__.partition(".")[0]]


def callable_in(cls, name):
    """Whether the class or one of its own bases defines this method."""
    return any(name in vars(base) for base in cls.__mro__ if base is not object)


def sizes(cls, module):
    """Arguments for a small model, or None where a parameter without default is unknown."""
    chosen = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if not is_needed(parameter):
            continue
        size = next((v for k, v in SIZES.items() if k in name.lower().replace("_", "")), None)
        if "rng" in name:
            size = np.random.default_rng(0)
        elif "config" in name.lower() or "cfg" in name.lower():
            configs = [c for c in classes(module) if "config" in c.__name__.lower()]
            size = configs[0](**(sizes(configs[0], module) or {})) if configs else None
        if size is None:
            return None
        chosen[name] = size
    return chosen
