"""Finds out by trial how an output wants to be answered, on a chain of nearly sure tokens."""

import contextlib
import inspect
import itertools
import types

import numpy as np

from .arrays import is_tokens
from .language_model import (
    CHAIN,
    DIALECTS,
    PROBE_PROMPT,
    PROBE_VOCABULARY,
    LanguageModel,
    Manner,
    puzzle,
)
from .own_model import own_kinds
from .results import beams
from .searching import laid_out, search
from .unread import unread
from .values import is_number, written_in_python

ROLE = "batched_beam_search"
LEARNT = {}


def learn(entry):
    """Try the dialects on the chain; the first that the output follows is its own."""
    key = entry.raw(ROLE)
    if key not in LEARNT:
        LEARNT[key] = trial(entry)
    return LEARNT[key]


def trial(entry):
    """The manner under which the chain comes back; failing that, the first that does not raise.

    Where tokens and scores come back and cannot be read as beams, nothing can be asked at all.
    """
    known, spoken, strange, errors = names_called(entry.module), None, "", []
    for owns, dialect in itertools.product((False, True), DIALECTS):
        model = LanguageModel(chain(), dialect, (), known)
        try:
            given = {**chain(), "prompts": laid_out([PROBE_PROMPT], dialect)}
            found = search(entry, given, model, owns)
        except Exception as error:  # noqa: BLE001 - an output may raise anything when misunderstood
            errors.append(error)
            continue
        beam, *others = first_beams(found, given) or [None]
        if not all(map(complete, (beam, *others))) and unread(found):
            strange = f"no beams can be read out of what is returned: {found!r:.200}"
            continue
        top = beam[0] if beam else None
        if top is None:
            continue
        echoes = top[: len(PROBE_PROMPT)] == PROBE_PROMPT
        if top == CHAIN or top == PROBE_PROMPT + CHAIN:
            return Manner(dialect, echoes, tuple(model.asked), own_kinds(entry, model), owns)
        if model.asked:
            spoken = spoken or Manner(dialect, echoes, tuple(model.asked), owns=owns)
    return spoken or Manner(DIALECTS[0], puzzle=strange or puzzle(errors))


def first_beams(found, given):
    """The first prompt's beams in a result, or none."""
    with contextlib.suppress(Exception):  # it is what somebody else's code made
        return beams(found, given, False)[0]
    return []


def complete(beam):
    """Whether a beam has tokens and a score."""
    return beam is not None and is_tokens(beam[0]) and is_number(beam[1])


def chain():
    """A call in which CHAIN follows the probe's prompt; the end token is the unlikeliest."""
    plain_row = -np.arange(PROBE_VOCABULARY) / 8
    rows = np.tile(plain_row, (len(CHAIN), 1))
    rows[range(len(CHAIN)), CHAIN] = 60
    return {
        "table": plain_row[None],
        "special": [PROBE_PROMPT + CHAIN[:n] for n in range(len(CHAIN))],
        "special_rows": rows,
        "beam_width": 2,
        "max_new_tokens": len(CHAIN),
        "alpha": 1.0,
        "eos_token_id": PROBE_VOCABULARY - 1,
    }


def names_called(module):
    """All names in the code of a module's functions and classes, what it imports included."""
    seen, names = set(), set()
    todo = list(vars(module).values())
    while todo:
        item = todo.pop()
        if isinstance(item, types.CodeType):
            names |= set(item.co_names)
            todo += [c for c in item.co_consts if isinstance(c, types.CodeType)]
        elif isinstance(item, types.FunctionType):
            todo.append(item.__code__)
        elif inspect.isclass(item) and item not in seen and written_in_python(item):
            seen.add(item)
            todo += vars(item).values()
    return frozenset(names)
