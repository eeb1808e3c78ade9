"""Calls the output with what it takes, and reads tokens out of what it returns."""

import inspect

import numpy as np

ACCEPTED = (
    "tokens", "accepted_tokens", "accepted", "output_tokens", "output_ids", "new_tokens", "output",
    "generated", "generated_tokens", "sequence",
)  # fmt: skip
BONUS = ("bonus", "bonus_token", "new_token", "next_token", "correction", "corrected_token")


def called(function, lists, others):
    """Call with lists, or with integer arrays where the output can only take those."""
    try:
        return function(**lists, **others)
    except (AssertionError, AttributeError, TypeError) as first:
        arrays = {name: np.array(value, dtype=np.int64) for name, value in lists.items()}
        try:
            return function(**arrays, **others)
        except Exception:  # noqa: BLE001 - the first error is the one to report
            raise first from None


def parts(made):
    """(accepted tokens, bonus token or None), from a sequence, a pair, a mapping or an object."""
    named = made._asdict() if hasattr(made, "_asdict") else made
    if not isinstance(named, (dict, list, tuple, np.ndarray)) and hasattr(named, "__dict__"):
        named = vars(named)
    if isinstance(named, dict):
        listed = [named[k] for k in ACCEPTED if is_sequence(named.get(k))]
        listed += [value for value in named.values() if is_sequence(value)]
        alone = next((named[k] for k in BONUS if k in named), None)
    elif is_sequence(named) and len(named) > 0 and is_sequence(named[0]):
        listed = [named[0]]
        alone = next((value for value in named[1:] if np.ndim(value) == 0), None)
        if len(named) == 2 and np.size(named[1]) == 1:
            alone = np.ravel(named[1])[0]
    else:
        listed, alone = [named], None
    accepted = as_ints(listed[0]) if listed else []
    return accepted, None if alone is None else as_ints(alone)[0]


def is_sequence(value):
    """Whether this may be a list of tokens."""
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def as_ints(value):
    """Tokens as a flat list of int. Raises TypeError where they are not whole numbers."""
    flat = np.ravel(np.asarray(value)).tolist()
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) or v != int(v) for v in flat):
        raise TypeError(f"not a list of tokens: {value!r:.200}")
    return [int(v) for v in flat]


def accepts(function, name):
    """Whether a parameter's name contains this."""
    return any(name in parameter for parameter in inspect.signature(function).parameters)
