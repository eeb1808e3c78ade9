"""Runs beside the untrusted code: calls flash_attention_fwd and flash_attention_bwd as told.

call["do"] says in which manner: "once" (the default), "again" (backward twice on one cache, the
second counts), "interleaved" (another forward and backward between), "refilled" (the same array
objects held other numbers in an earlier call), "strided" (inputs that are transposed views),
"logsumexp" (L from the cache), "measured" (peak memory), "default" (what causal is when left out).
"""

import inspect
import re
import tracemalloc

import numpy as np

FORWARD, BACKWARD = "flash_attention_fwd", "flash_attention_bwd"
ARRAYS = ("Q", "K", "V", "dO")
GRADIENTS = {
    "dQ": ("dQ", "dq", "d_q", "grad_q", "grad_Q"),
    "dK": ("dK", "dk", "d_k", "grad_k", "grad_K"),
    "dV": ("dV", "dv", "d_v", "grad_v", "grad_V"),
}
OUTPUT, LSE = ("O", "output", "out", "o"), ("L", "lse", "LSE", "logsumexp", "log_sum_exp")
SEQUENCE_FIRST = (
    r"\b(B|batch\w*)\s*,\s*(N|T|S|L|seq\w*)\s*,\s*(H|\w*heads?\w*)\s*,\s*(D|d|\w*dim\w*)\b"
)
HEADS_FIRST = (
    r"\b(B|batch\w*)\s*,\s*(H|\w*heads?\w*)\s*,\s*(N|T|S|L|seq\w*)\s*,\s*(D|d|\w*dim\w*)\b"
)


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    try:
        return answer(entry, call)
    except Exception as error:
        if (type(error).__module__, type(error).__name__) != ("adapter", "NotTestable"):
            raise
        return {"not_testable": str(error)}


def answer(entry, call):
    """Return O, dQ, dK, dV and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    if do == "default":
        return default_of_causal(entry)
    if not call["causal"] and not takes_causal(entry):
        return {"not_testable": "the functions have no causal parameter"}
    call = {**call, "turned": sequence_first(entry)}
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}
    if do == "logsumexp":
        return logsumexp(forward(entry, given, call)[1])
    if do == "measured":
        return measured(entry, given, call)
    if do == "refilled":
        refill(entry, given, call)
    out, cache = forward(entry, given, call)
    if do == "interleaved":
        other = {name: value[::-1] * -2 + 1 for name, value in given.items()}
        _, other_cache = forward(entry, other, call)
    if do == "again":
        backward(entry, given["dO"], cache, call)
    gradients = backward(entry, given["dO"], cache, call)
    if do == "interleaved":
        backward(entry, other["dO"], other_cache, call)
    return {"O": out, **gradients, **{f"{name}_after": given[name] for name in ARRAYS}}


def layout(value, *, strided):
    """A fresh copy of shape (B, H, N, D); strided, a view of an array laid out as (B, N, H, D)."""
    return np.array(value.swapaxes(1, 2)).swapaxes(1, 2) if strided else np.array(value)


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


def refill(entry, given, call):
    """Run once with other numbers in the very arrays that are then filled with the real ones."""
    for name, value in given.items():
        value[...] = call[name][::-1] * -2 + 1
    _, cache = forward(entry, given, call)
    backward(entry, given["dO"], cache, call)
    for name, value in given.items():
        value[...] = call[name]


def logsumexp(cache):
    """L from a cache that names it, as (B, H, N)."""
    held = parts(cache)
    found = [held[name] for name in LSE if name in held] if isinstance(held, dict) else []
    if not found or not isinstance(found[0], np.ndarray):
        return {"not_testable": "the cache does not name a log-sum-exp"}
    return {"L": found[0][..., 0] if found[0].ndim == 4 else found[0]}


def takes_causal(entry):
    """Whether forward has a way to be told that the mask is off."""
    parameters = entry.signature(FORWARD).parameters.values()
    return any(
        "causal" in p.name or "mask" in p.name or p.kind is p.VAR_KEYWORD for p in parameters
    )


def default_of_causal(entry):
    """The defaults of the causal parameters; not testable where there are none to speak of."""
    found = [
        parameter.default
        for role in (FORWARD, BACKWARD)
        for parameter in entry.signature(role).parameters.values()
        if "causal" in parameter.name and isinstance(parameter.default, (bool, int))
    ]
    if not found:
        return {"not_testable": "no parameter named causal with a default"}
    return {"default": all(found)}


def turned(call, value):
    """(B, H, N, D) to what the output documents, or back; other values as they are."""
    whole = isinstance(value, np.ndarray) and value.ndim == 4
    return value.swapaxes(1, 2) if call["turned"] and whole else value


def sequence_first(entry):
    """Whether the source of forward documents (B, N, H, D), and nowhere (B, H, N, D)."""
    try:
        text = inspect.getsource(entry.raw(FORWARD))
    except (OSError, TypeError):
        text = inspect.getdoc(entry.raw(FORWARD)) or ""
    return bool(re.search(SEQUENCE_FIRST, text)) and not re.search(HEADS_FIRST, text)


def measured(entry, given, call):
    """The peaks, in bytes, of both passes over half of the sequence and over all of it."""
    half = given["Q"].shape[2] // 2
    halves = {name: value[:, :, :half].copy() for name, value in given.items()}
    both(entry, {name: value[:, :, :8].copy() for name, value in given.items()}, call)  # warm up
    return {"half_peak": peak(entry, halves, call), "peak": peak(entry, given, call)}


def both(entry, given, call):
    """Forward and backward."""
    _, cache = forward(entry, given, call)
    backward(entry, given["dO"], cache, call)


def peak(entry, given, call):
    """The most that was allocated during both passes, in bytes."""
    tracemalloc.start()
    try:
        both(entry, given, call)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
