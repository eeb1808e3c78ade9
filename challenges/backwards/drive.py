"""Runs beside the untrusted code: calls layer_norm_forward and layer_norm_backward as told.

call["do"] says in which manner: "once" (the default), "again" (backward twice on one cache, the
second counts), "interleaved" (another forward and backward between), "refilled" (the same array
objects held other numbers in an earlier call), "strided" (inputs that are views with gaps),
"measured" (memory).
"""

import tracemalloc

import numpy as np

ARRAYS = ("x", "gamma", "beta", "dy")
GRADIENTS = {
    "dx": ("dx", "grad_x", "d_x", "grad_input"),
    "dgamma": ("dgamma", "grad_gamma", "d_gamma", "dweight"),
    "dbeta": ("dbeta", "grad_beta", "d_beta", "dbias"),
}


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    try:
        return answer(entry, call)
    except Exception as error:
        if (type(error).__module__, type(error).__name__) != ("adapter", "NotTestable"):
            raise
        return {"not_testable": str(error)}


def answer(entry, call):
    """Return y, dx, dgamma, dbeta and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}
    if do == "measured":
        return measured(entry, given, call["eps"])
    if do == "refilled":
        refill(entry, given, call)
    y, cache = forward(entry, given, call["eps"])
    if do == "interleaved":
        other = {name: 3 - 2 * value[::-1] for name, value in given.items()}
        _, other_cache = forward(entry, other, call["eps"])
    if do == "again":
        backward(entry, given["dy"], cache)
    grads = backward(entry, given["dy"], cache)
    if do == "interleaved":
        backward(entry, other["dy"], other_cache)
    return {"y": y, **grads, **{f"{name}_after": given[name] for name in ARRAYS}}


def layout(value, *, strided):
    """A fresh copy; strided, it is every second element of a larger array filled with ones."""
    if not strided:
        return np.array(value)
    wide = np.ones((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
    wide[..., ::2] = value
    return wide[..., ::2]


def forward(entry, given, eps):
    """Return (y, cache); whatever follows y is the cache."""
    made = entry.layer_norm_forward(x=given["x"], gamma=given["gamma"], beta=given["beta"], eps=eps)
    items = ordered(made)
    return items[0], items[1] if len(items) == 2 else tuple(items[1:])


def backward(entry, dy, cache):
    """Return the three gradients by name, from a sequence, a mapping or an object's attributes."""
    made = entry.layer_norm_backward(dy=dy, cache=cache)
    named = fields_of(made) or {}
    found = {
        name: next((named[a] for a in names if a in named), None)
        for name, names in GRADIENTS.items()
    }
    unknown = any(value is None for value in found.values())
    if named and (not unknown or len(named) != len(GRADIENTS)):
        return found
    return dict(zip(GRADIENTS, ordered(made), strict=False))


def fields_of(made):
    """The parts of a mapping, a named tuple, a data class or a simple object by name, else None."""
    if isinstance(made, dict):
        return made
    if hasattr(made, "_asdict"):
        return made._asdict()
    if hasattr(made, "__dataclass_fields__"):
        return {name: getattr(made, name) for name in made.__dataclass_fields__}
    plain = isinstance(made, np.ndarray) or not hasattr(made, "__dict__")
    return None if plain else vars(made)


def ordered(made):
    """The parts of a result, in order: of a tuple, list, mapping or simple object."""
    if isinstance(made, (tuple, list)):
        return list(made)
    named = fields_of(made)
    return [made] if named is None else list(named.values())


def refill(entry, given, call):
    """Run once with other numbers in the very arrays that are then filled with the real ones."""
    for value in given.values():
        value[...] = value[::-1] * -2 + 1
    _, cache = forward(entry, given, call["eps"])
    backward(entry, given["dy"], cache)
    for name, value in given.items():
        value[...] = call[name]


def measured(entry, given, eps):
    """Bytes of x, of the arrays that the cache holds, and the peak allocated during both calls."""
    tracemalloc.start()
    try:
        _, cache = forward(entry, given, eps)
        backward(entry, given["dy"], cache)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return {"x_bytes": given["x"].nbytes, "peak_bytes": peak, "cache_bytes": held(cache, set(), 0)}


def held(value, seen, depth):
    """Bytes of the distinct arrays reachable from a cache; views count as what they keep alive."""
    if id(value) in seen or depth > 6:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else held(value.base, seen, depth)
    inside = value.values() if isinstance(value, dict) else value
    if hasattr(value, "__dict__"):
        inside = vars(value).values()
    if not isinstance(inside, (str, bytes)) and hasattr(inside, "__iter__"):
        return sum(held(part, seen, depth + 1) for part in list(inside))
    return 0
