"""Runs beside the untrusted code: calls layer_norm_forward and layer_norm_backward as told.

call["do"] says in which manner: "once" (the default), "again" (backward twice on one cache, first
with another dy, and the second counts), "interleaved" (other forwards between the two, with another
eps and another width), "refilled" (the same array objects held other numbers in an earlier call),
"strided" (inputs that are views with gaps), "measured" (memory).
"""

import numpy as np

from challenges.driving.manners import both, both_passes
from challenges.driving.refusing import answered
from challenges.driving.results import fields_of, ordered
from challenges.driving.tracing import peak

ARRAYS = ("x", "gamma", "beta", "dy")
GRADIENTS = {
    "dx": ("dx", "grad_x", "d_x", "grad_input"),
    "dgamma": ("dgamma", "grad_gamma", "d_gamma", "dweight"),
    "dbeta": ("dbeta", "grad_beta", "d_beta", "dbias"),
}


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    return answered(answer, entry, call)


def answer(entry, call):
    """Return y, dx, dgamma, dbeta and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}

    def ahead(arrays):
        return forward(entry, arrays, call["eps"] * (1 if arrays is given else 2))

    def back(arrays, cache):
        return backward(entry, arrays["dy"], cache)

    if do == "measured":
        return measured(ahead, back, given)
    y, gradients = both_passes(do, ahead, back, given, "dy")
    return {"y": y, **gradients, **{f"{name}_after": given[name] for name in ARRAYS}}


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


def measured(ahead, back, given):
    """Bytes of x, of the arrays that the cache holds, and the peak allocated during both calls."""
    (_, cache), most = peak(lambda: both(ahead, back, given))
    return {"x_bytes": given["x"].nbytes, "peak_bytes": most, "cache_bytes": held(cache, set(), 0)}


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
