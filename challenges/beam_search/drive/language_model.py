"""The scripted language model, in every manner in which an output may ask it."""

import functools
import itertools
import traceback
import types
from dataclasses import dataclass

import numpy as np

from .values import converted, kind_by_name, nested

VOCABULARY_SIZE = ("vocab_size", "n_vocab", "V", "vocabulary_size", "num_tokens")
CONTEXT_SIZE = ("max_seq_len", "max_len", "max_length", "context_length", "block_size")
PROBE_PROMPT, CHAIN, PROBE_VOCABULARY = [5, 9], [2, 8, 4], 11


@dataclass(frozen=True)
class Dialect:
    """How an output asks and wants to be answered.

    prompts: each a "list" or an "array". positions: logits of the "last" position or of "all".
    row_axis: one unbatched prefix is answered as a batch of one. pair: answers are (answer, None).
    """

    prompts: str = "list"
    positions: str = "last"
    row_axis: bool = False
    answer: str = "array"
    pair: bool = False


DIALECTS = [
    Dialect(prompts, positions, row_axis, answer, pair)
    for pair, prompts, answer, row_axis, positions in itertools.product(
        (False, True), ("list", "array"), ("array", "list"), (False, True), ("last", "all")
    )
]


@dataclass(frozen=True)
class Manner:
    """What was learnt about an output.

    echoes: its results begin with the prompt. asked: the methods of its model that it calls. kinds:
    pairs of such a method and "logits", "logprobs" or "probs". owns: it asks a model of its
    own, which has to be replaced. puzzle: why it cannot be asked at all.
    """

    dialect: Dialect
    echoes: bool = False
    asked: tuple = ()
    kinds: tuple = ()
    owns: bool = False
    puzzle: str = ""

    def kind(self):
        """What the output asks for."""
        kinds = {method: kind_by_name(method) for method in self.asked} | dict(self.kinds)
        return next((kind for kind in ("probs", "logprobs") if kind in kinds.values()), "logits")


class LanguageModel:
    """Answers forward, get_log_probs, a plain call, and whatever else the output's code names."""

    def __init__(self, call, dialect, kinds=(), known=frozenset()):
        self._table, self._dialect = np.array(call["table"]), dialect
        special = [tuple(prefix) for prefix in call.get("special", [])]
        self._special = dict(zip(special, np.array(call.get("special_rows", [])), strict=True))
        self._kinds, self._known, self.asked = dict(kinds), known, {}
        for name in VOCABULARY_SIZE:
            setattr(self, name, self._table.shape[1])
        for name in CONTEXT_SIZE:
            setattr(self, name, 10**6)
        self.config = types.SimpleNamespace(vocab_size=self._table.shape[1])

    def __call__(self, *args, **named):
        """A plain call is a question like any other."""
        return self.respond("__call__", *args, **named)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._known | {"forward", "get_log_probs"}:
            raise AttributeError(f"the scripted language model has no {name}")
        return functools.partial(self.respond, name)

    def respond(self, method, *args, **named):
        """Answer one call: the first argument holds tokens, others may hold a mask or lengths."""
        given = [("", value) for value in args] + list(named.items())
        if not given:  # eval(), reset(), ...
            return self
        (_, tokens), *rest = given
        self.asked[method] = tokens
        masks = (mask_of(name, value, tokens) for name, value in rest)
        mask = next((mask for mask in masks if mask is not None), None)
        kind = self._kinds.get(method, kind_by_name(method))
        answer = self._rows(tokens, mask, kind)
        if self._dialect.row_axis and not nested(tokens):
            answer = answer[None]
        if self._dialect.answer == "list":
            answer = [part.tolist() for part in answer]
        return (answer, None) if self._dialect.pair else answer

    def _rows(self, tokens, mask, kind):
        if nested(tokens):
            masks = mask if mask is not None else [None] * len(tokens)
            parts = [self._rows(t, m, kind) for t, m in zip(tokens, masks, strict=True)]
            return np.stack(parts) if len({part.shape for part in parts}) == 1 else parts
        prefix = [whole(t) for t in tokens]
        if mask is not None:
            prefix = [t for t, seen in zip(prefix, mask, strict=True) if seen]
        if self._dialect.positions == "last":
            return converted(self._logits(prefix), kind)
        ends = range(1, len(prefix) + 1)
        return np.stack([converted(self._logits(prefix[:end]), kind) for end in ends])

    def _logits(self, prefix):
        found = self._special.get(tuple(prefix))
        if found is not None:
            return found
        row = 0
        for token in prefix:
            row = (row * 31 + token + 7) % len(self._table)
        return self._table[row]


def whole(value):
    """A token as an int. Raises TypeError for what is none, such as part of a state."""
    if int(value) != value:
        raise TypeError("it is asked about something that is no list of tokens, perhaps a state")
    return int(value)


def mask_of(name, value, tokens):
    """Another argument as a mask over the tokens, which may be padded; None if it is no mask."""
    shape = np.shape(value)
    if nested(tokens) and shape == (len(tokens),):  # lengths
        return np.arange(np.shape(tokens)[1]) < np.asarray(value)[:, None]
    if not shape or shape != np.shape(tokens) or not np.isin(value, (0, 1)).all():
        return None
    marks = np.asarray(value)
    positions = "mask" not in name and (marks == np.arange(shape[-1])).all()
    return None if positions else marks != 0


def puzzle(errors):
    """Why the output cannot be judged: only where our model never understood what it was asked."""
    if errors and all(asking(error.__traceback__) for error in errors):
        return f"the output asks its language model in an unknown way: {errors[0]!r:.200}"
    return ""


def asking(trace):
    """Whether an error came up inside our language model."""
    frames = [frame for frame, _ in traceback.walk_tb(trace) if frame.f_globals is globals()]
    return any(frame.f_code.co_name in {"respond", "__getattr__"} for frame in frames)
