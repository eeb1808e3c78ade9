"""Beams of one prompt out of arrays that stand side by side."""

import numpy as np

from .values import is_number, is_sequence, is_whole


def in_arrays(parts):
    """Beams as (tokens, score) out of arrays side by side, or None where this is something else.

    Those are tokens (K, L), which may be lists of unequal length, scores (K,), and lengths (K,),
    which may be absent; in any order. Of several arrays of scores the first counts.
    """
    listed = [list(part) for part in parts if is_sequence(part) or of_two_axes(part)]
    rows = next((part for part in listed if part and all(map(is_tokens, part))), [])
    beside = [part for part in listed if len(part) == len(rows) and all(map(is_number, part))]
    scores = next((part for part in beside if not all(map(is_whole, part))), None)
    lengths = next((part for part in beside if all(map(is_whole, part))), None)
    if not rows or scores is None:
        return None
    return list(zip(rows if lengths is None else map(cut, rows, lengths), scores, strict=True))


def of_two_axes(value):
    """Whether this is a matrix."""
    return isinstance(value, np.ndarray) and value.ndim == 2


def is_tokens(value):
    """Whether this is a sequence of whole numbers."""
    return is_sequence(value) and all(map(is_whole, value))


def cut(tokens, length):
    """Some tokens without what stands behind the length that is told."""
    return tokens[: int(length)]
