"""Calls the output with what it takes, and reads tokens out of what it returns."""

import inspect

import numpy as np

from challenges.driving.results import fields_of

ACCEPTED = (
    "tokens", "accepted_tokens", "accepted", "output_tokens", "output_ids", "new_tokens", "output",
    "generated", "generated_tokens", "sequence",
)  # fmt: skip
BONUS = (
    "bonus", "bonus_token", "new_token", "next_token", "correction", "corrected_token",
    "correction_token", "target_token", "final_token", "extra_token", "bonus_id", "next_id", "next",
)  # fmt: skip


def called(function, lists, others):
    """Call with lists, or with integer arrays where the output can only take those."""
    try:
        return drained(function(**lists, **others))
    except (AssertionError, AttributeError, TypeError) as first:
        arrays = {name: np.array(value, dtype=np.int64) for name, value in lists.items()}
        try:
            return drained(function(**arrays, **others))
        except Exception:  # noqa: BLE001 - the first error is the one to report
            raise first from None


def drained(made):
    """What a generator yields, as a list; anything else as it is."""
    return list(made) if hasattr(made, "__next__") else made


def parts(made, skipped=0):
    """(accepted tokens, bonus token or None), from a sequence, a pair, a mapping or an object.

    skipped: how many of the numbers beside a list are known to be something else than a token.
    """
    named = fields_of(made)
    named = made if named is None else named
    if isinstance(named, dict):
        listed = [named[k] for k in ACCEPTED if is_sequence(named.get(k))]
        listed += [value for value in named.values() if is_sequence(value)]
        alone = next((named[k] for k in BONUS if k in named), None)
    elif any(is_sequence(part) for part in lists_among(named)):
        listed = [next(filter(is_sequence, named))]
        others = [v for v in named if v is not listed[0]]
        alone = next(iter([v for v in others if is_whole(v)][skipped:]), None)
        if len(named) == 2 and listed[0] is named[0] and np.size(named[1]) == 1 and not skipped:
            alone = np.ravel(named[1])[0]
    else:
        listed, alone = [named], None
    accepted = as_ints(listed[0]) if listed else []
    return accepted, None if alone is None else as_ints(alone)[0]


def lists_among(made):
    """Where a result may have lists: a tuple anywhere, another sequence as its first item."""
    return made if isinstance(made, tuple) else made[:1] if is_sequence(made) else ()


def is_whole(value):
    """Whether this may be a token."""
    value = (
        value.item()
        if isinstance(value, (np.ndarray, np.generic)) and np.size(value) == 1
        else value
    )
    return isinstance(value, int) and not isinstance(value, bool)


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
