"""What kind of value something is, and plain numbers out of it."""

import sys

import numpy as np


def nested(tokens):
    """Whether these are several sequences rather than one."""
    return len(tokens) > 0 and np.ndim(tokens[0]) > 0


def kind_by_name(method):
    """What a method of this name returns."""
    name = method.replace("_", "").lower()
    return "logprobs" if "logp" in name else "probs" if "prob" in name else "logits"


def converted(logits, kind):
    """A copy of the logits, or their log-probabilities or probabilities, in the same dtype."""
    if kind == "logits":
        return logits.copy()
    wide = logits.astype(np.float64)
    wide -= wide.max()
    wide -= np.log(np.exp(wide).sum())
    return (wide if kind == "logprobs" else np.exp(wide)).astype(logits.dtype)


def written_in_python(item):
    """Whether a class is the output's own rather than a library's."""
    top = item.__module__.partition(".")[0]
    return top not in {"builtins", "numpy", *sys.stdlib_module_names}


def is_sequence(value):
    """Whether this could be tokens."""
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def is_number(value):
    """Whether this could be a score; flags and arrays of more than one number could not."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def is_whole(value):
    """Whether a number is an integer by type."""
    return isinstance(value, (int, np.integer))


def plain(value):
    """A number as Python has it; anything else as a short description."""
    if is_number(value):
        value = np.asarray(value).item()
        return value if isinstance(value, (int, float)) else repr(value)[:100]
    return None if value is None else repr(value)[:100]
