"""Runs beside the untrusted code: calls flash_attention_fwd as told.

call["do"] says in which manner: "once" (the default), "held" (the answer is read after another
call), "refilled" (the same array objects held other numbers in an earlier call), "strided" (inputs
that are transposed views), "measured" (peak memory), "default" (what causal is when left out).
"""

import inspect
import re
import tracemalloc

import numpy as np

ROLE = "flash_attention_fwd"
ARRAYS = ("Q", "K", "V")
NAMES = ("O", "output", "out", "o")
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
    """Return O and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    if do == "default":
        return default_of_causal(entry)
    if not call["causal"] and not takes_causal(entry):
        return {"not_testable": "the function has no causal parameter"}
    call = {**call, "turned": sequence_first(entry)}
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}
    if do == "measured":
        return measured(entry, given, call)
    if do == "refilled":
        for name, value in given.items():
            value[...] = call[name][::-1] * -2 + 1
        attend(entry, given, call)
        for name, value in given.items():
            value[...] = call[name]
    out = attend(entry, given, call)
    if do == "held":
        attend(entry, {name: value[::-1] * -2 + 1 for name, value in given.items()}, call)
    return {"O": out, **{f"{name}_after": given[name] for name in ARRAYS}}


def layout(value, *, strided):
    """A fresh copy of shape (B, H, N, D); strided, a view of an array laid out as (B, N, H, D)."""
    return np.array(value.swapaxes(1, 2)).swapaxes(1, 2) if strided else np.array(value)


def attend(entry, given, call):
    """The output array of one call, as (B, H, N, D)."""
    if call["turned"]:
        given = {name: value.swapaxes(1, 2) for name, value in given.items()}
    made = entry.flash_attention_fwd(**given, tile_size=call["tile_size"], causal=call["causal"])
    out = first(made)
    whole = isinstance(out, np.ndarray) and out.ndim == 4
    return out.swapaxes(1, 2) if call["turned"] and whole else out


def first(made):
    """The output among the parts of a result: by name in a mapping or object, else the first."""
    named = fields_of(made)
    if named is not None:
        return next(
            (named[name] for name in NAMES if name in named), next(iter(named.values()), None)
        )
    return made[0] if isinstance(made, (tuple, list)) and made else made


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


def takes_causal(entry):
    """Whether the output's function has a way to be told that the mask is off."""
    parameters = entry.signature(ROLE).parameters.values()
    return any(
        "causal" in p.name or "mask" in p.name or p.kind is p.VAR_KEYWORD for p in parameters
    )


def default_of_causal(entry):
    """The default of the causal parameter; not testable where there is no default to speak of."""
    parameters = entry.signature(ROLE).parameters.values()
    found = [p.default for p in parameters if "causal" in p.name and p.default is not p.empty]
    if not found or not isinstance(found[0], (bool, int)):
        return {"not_testable": "no parameter named causal with a default"}
    return {"default": bool(found[0])}


def sequence_first(entry):
    """Whether the output's source documents (B, N, H, D), and nowhere (B, H, N, D)."""
    try:
        text = inspect.getsource(entry.raw(ROLE))
    except (OSError, TypeError):
        text = inspect.getdoc(entry.raw(ROLE)) or ""
    return bool(re.search(SEQUENCE_FIRST, text)) and not re.search(HEADS_FIRST, text)


def measured(entry, given, call):
    """The peaks, in bytes, of a call on the first half of the sequence and of one on all of it."""
    half = given["Q"].shape[2] // 2
    halves = {name: value[:, :, :half].copy() for name, value in given.items()}
    attend(entry, {name: value[:, :, :8] for name, value in halves.items()}, call)  # warm up
    return {
        "half_peak": peak(entry, halves, call),
        "peak": peak(entry, given, call),
    }


def peak(entry, given, call):
    """The most that was allocated during one call, in bytes."""
    tracemalloc.start()
    try:
        attend(entry, given, call)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
