"""Whether a result that cannot be read may hold beams all the same."""

import numpy as np

from .arrays import is_tokens
from .results import named_fields
from .values import is_number, is_whole

MOST_LOOKED_AT = 10_000


def unread(result):
    """Whether there are tokens and scores somewhere in a result, however it holds them."""
    todo, tokens, scores = [result], False, False
    for _ in range(MOST_LOOKED_AT):
        if not todo or (tokens and scores):
            break
        item = todo.pop()
        tokens = tokens or (is_tokens(item) and len(item) > 0)
        scores = scores or (is_number(item) and not is_whole(item))
        todo += held(item)
    return tokens and scores


def held(item):
    """What something holds."""
    fields = named_fields(item)
    if fields is not None:
        return list(fields.values())
    holds = isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim > 0)
    return list(item) if holds else []
