"""What the drivers of both passes of attention share: layouts, the mask, memory, the output."""

import inspect
import re

import numpy as np

from .tracing import peak

FORWARD = "flash_attention_fwd"
OUTPUT = ("O", "output", "out", "o")
SEQUENCE_FIRST = (
    r"\b(B|batch\w*)\s*,\s*(N|T|S|L|seq\w*)\s*,\s*(H|\w*heads?\w*)\s*,\s*(D|d|\w*dim\w*)\b"
)
HEADS_FIRST = (
    r"\b(B|batch\w*)\s*,\s*(H|\w*heads?\w*)\s*,\s*(N|T|S|L|seq\w*)\s*,\s*(D|d|\w*dim\w*)\b"
)


def layout(value, *, strided):
    """A fresh copy of shape (B, H, N, D); strided, a view of an array laid out as (B, N, H, D)."""
    return np.array(value.swapaxes(1, 2), order="C").swapaxes(1, 2) if strided else np.array(value)


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


def takes_causal(entry):
    """Whether forward has a way to be told that the mask is off."""
    parameters = entry.signature(FORWARD).parameters.values()
    return any(
        "causal" in p.name or "mask" in p.name or p.kind is p.VAR_KEYWORD for p in parameters
    )


def default_of_causal(entry, *roles):
    """Whether causal is the default of every role; not testable where there is no default."""
    defaults = [
        [p.default for p in entry.signature(role).parameters.values() if "causal" in p.name]
        for role in roles
    ]
    found = [each for each in defaults if each and isinstance(each[0], (bool, int))]
    if not found:
        return {"not_testable": "no parameter named causal with a default"}
    return {"default": all(each[0] for each in found)}


def growth(run, given):
    """The peaks, in bytes, of run(arrays) on the first half of the sequence and on all of it."""
    half = given["Q"].shape[2] // 2
    halves = {name: value[:, :, :half].copy() for name, value in given.items()}
    run({name: value[:, :, :8].copy() for name, value in given.items()})  # warm up
    return {"half_peak": peak(lambda: run(halves))[1], "peak": peak(lambda: run(given))[1]}
