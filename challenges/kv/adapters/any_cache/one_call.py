"""One call of an attention function or method, for all rows of a batch or for one."""

import numpy as np

from challenges.driving.refusing import NotTestable

from .arguments import known_to
from .calling import call
from .held import Held, own_cache
from .layouts import arrays_in, axes_of, restored
from .weights import set_weights


def called(use, cache, layer, x, weights, row, new=None):
    """Call it for all rows, or for one; hidden states (B or 1, T, D) come back."""
    function = use.function
    if use.owner is not None:
        function = getattr(object_of(use, cache, layer, row, weights), function.__name__)
    known = known_to(use, cache, layer, x, weights, row, new)
    result = call(function, known, use.pieces, use.bare)
    take_new_cache(use, cache, layer, row, result)
    batch, size, width = (x.shape[0] if row is None else 1), x.shape[1], x.shape[2]
    fitting = [a for a in arrays_in(result) if a.size == batch * size * width]
    if not fitting:
        raise NotTestable(f"{use.name} returns nothing of the size of its input")
    y = fitting[0]
    if use.projects:
        y = y.reshape(batch, size, width)
        joined = {"w_o", "weights"} & use.slots or use.owner is not None
        return y if joined else y @ weights[3]
    y = from_heads(use, y, cache.config).reshape(batch, size, width)
    return y @ weights[3]


def from_heads(use, y, config):
    """The heads' results as (B, T, H, d), by the layout found when trying."""
    if use.out_layout is None:
        use.out_layout = axes_of(y.shape) or use.layout
    y = restored(y, use.out_layout, config["num_heads"])
    y = y[None] if "b" not in use.out_layout else y
    return y.transpose(0, 2, 1, 3)


def object_of(use, cache, layer, row, weights):
    """The object of this cache, layer and row, with the weights put into it."""
    if use.on_cache:
        return cache.object(layer, row or 0)
    key = (use.owner, layer, row)
    owned = cache.__dict__.setdefault("owned", {})
    if key not in owned:
        config = cache.config if row is None else {**cache.config, "batch_size": 1}
        owned[key] = use.instance(config, np.float64, layer)
        inner = own_cache(owned[key], use.cache_use.kind)
        if inner is not None and "cache" not in use.slots and not use.cache_use.layered:
            cache.objects[layer][row or 0 if use.cache_use.per_row_objects else 0] = inner
    if use.projects:
        set_weights(owned[key], [w.T if use.turned else w for w in weights])
    return owned[key]


def take_new_cache(use, cache, layer, row, result):
    """Keep the cache that a function in functional style returns."""
    for item in result if isinstance(result, tuple) else ():
        owner = cache.object(layer, row or 0)
        if isinstance(item, use.cache_use.kind):
            place = cache.objects[0 if use.cache_use.layered else layer]
            place[row or 0 if use.cache_use.per_row_objects else 0] = item
        elif isinstance(owner, Held) and isinstance(item, (dict, tuple)):
            owner.hold(item)
