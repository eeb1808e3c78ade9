"""Runs beside the untrusted code: calls flash_attention_fwd and flash_attention_bwd as told.

call["do"] says in which manner: "once" (the default), "again" (backward twice on one cache, first
with another dO, and the second counts), "interleaved" (other forwards between the two, of another
mask, tile size and head dimension), "refilled" (the same array objects held other numbers in an
earlier call), "strided" (inputs that are transposed views), "logsumexp" (L from the cache),
"measured" (peak memory), "default" (what causal is when left out).
"""

import numpy as np

from challenges.driving.attention import (
    FORWARD,
    OUTPUT,
    default_of_causal,
    growth,
    layout,
    sequence_first,
    takes_causal,
    turned,
)
from challenges.driving.manners import both, both_passes
from challenges.driving.refusing import answered
from challenges.driving.results import fields_of

BACKWARD = "flash_attention_bwd"
ARRAYS = ("Q", "K", "V", "dO")
GRADIENTS = {
    "dQ": ("dQ", "dq", "d_q", "grad_q", "grad_Q"),
    "dK": ("dK", "dk", "d_k", "grad_k", "grad_K"),
    "dV": ("dV", "dv", "d_v", "grad_v", "grad_V"),
}
LSE = ("L", "lse", "LSE", "logsumexp", "log_sum_exp")


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    return answered(answer, entry, call)


def answer(entry, call):
    """Return O, dQ, dK, dV and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    if do == "default":
        return default_of_causal(entry, FORWARD, BACKWARD)
    if not call["causal"] and not takes_causal(entry):
        return {"not_testable": "the functions have no causal parameter"}
    call = {**call, "turned": sequence_first(entry)}
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}

    between = {**call, "tile_size": call["tile_size"] + 1}
    between["causal"] = not (call["causal"] and takes_causal(entry))

    def told(arrays):
        return call if arrays["Q"] is given["Q"] else between

    def ahead(arrays):
        return forward(entry, arrays, told(arrays))

    def back(arrays, cache):
        return backward(entry, arrays["dO"], cache, told(arrays))

    if do == "logsumexp":
        return logsumexp(ahead(given)[1])
    if do == "measured":
        return growth(lambda arrays: both(ahead, back, arrays), given)
    out, gradients = both_passes(do, ahead, back, given, "dO")
    return {"O": out, **gradients, **{f"{name}_after": given[name] for name in ARRAYS}}


def forward(entry, given, call):
    """Return (O, cache); whatever follows O is the cache."""
    arrays = {name: turned(call, given[name]) for name in ("Q", "K", "V")}
    made = parts(
        entry.flash_attention_fwd(**arrays, tile_size=call["tile_size"], causal=call["causal"])
    )
    if isinstance(made, dict):
        out = next((name for name in OUTPUT if name in made), next(iter(made), None))
        rest = [value for name, value in made.items() if name != out]
        out = made.get(out)
    else:
        out, *rest = made
    return turned(call, out), rest[0] if len(rest) == 1 else tuple(rest)


def backward(entry, dO, cache, call):
    """Return the three gradients by name, from a sequence, a mapping or an object's attributes."""
    made = parts(
        entry.flash_attention_bwd(
            dO=turned(call, dO), cache=cache, tile_size=call["tile_size"], causal=call["causal"]
        )
    )
    if not isinstance(made, dict):
        made = dict(zip(GRADIENTS, made, strict=False))
    return {
        name: turned(call, next((made[other] for other in names if other in made), None))
        for name, names in GRADIENTS.items()
    }


def parts(made):
    """A result as a mapping of its named parts or a sequence of its nameless ones."""
    named = fields_of(made)
    if named is not None:
        return named
    return made if isinstance(made, (tuple, list)) else (made,)


def logsumexp(cache):
    """L from a cache that names it, as (B, H, N)."""
    held = parts(cache)
    found = [held[name] for name in LSE if name in held] if isinstance(held, dict) else []
    if not found or not isinstance(found[0], np.ndarray):
        return {"not_testable": "the cache does not name a log-sum-exp"}
    return {"L": found[0][..., 0] if found[0].ndim == 4 else found[0]}
