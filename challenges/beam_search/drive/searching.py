"""Calls the search, its own language model replaced by ours where it takes none."""

import contextlib
import functools
import inspect
import types

import numpy as np

from .language_model import VOCABULARY_SIZE
from .values import written_in_python

MODEL_METHODS = (
    "forward", "__call__", "get_log_probs", "log_probs", "get_logits", "logits", "predict",
    "next_token_logits", "get_next_token_logits", "next_token_log_probs", "predict_next",
)  # fmt: skip


def search(entry, call, model, owns=False):
    """Call the output, every parameter passed; a model of its own is replaced meanwhile."""
    names = ("prompts", "beam_width", "max_new_tokens", "alpha", "eos_token_id")
    with replaced(entry.module, model) if owns else contextlib.nullcontext():
        return entry.batched_beam_search(**{name: call[name] for name in names}, model=model)


def laid_out(prompts, dialect):
    """Fresh copies of the prompts."""
    return [np.array(p, dtype=np.int64) if dialect.prompts == "array" else list(p) for p in prompts]


@contextlib.contextmanager
def replaced(module, model):
    """Let what the module has of models, classes, instances and functions, answer from ours."""
    with contextlib.ExitStack() as undo:
        for name, item in list(vars(module).items()):
            if isinstance(item, types.FunctionType) and name in MODEL_METHODS:
                put(undo, module, name, functools.partial(model.respond, name))
            owner = item if inspect.isclass(item) else type(item)
            if written_in_python(owner) and any(m in vars(owner) for m in MODEL_METHODS):
                replace_methods(undo, owner, model)
                if owner is not item:
                    replace_sizes(undo, item, model)
        yield


def replace_methods(undo, owner, model):
    """Let all instances of a class answer from our model, those not yet made included."""
    start = owner.__init__

    def begin(self, *args, **named):
        start(self, *args, **named)
        replace_sizes(None, self, model)

    put(undo, owner, "__init__", begin)
    for method in set(MODEL_METHODS) & set(vars(owner)):

        def answer(_self, *args, _method=method, **named):
            return model.respond(_method, *args, **named)

        put(undo, owner, method, answer)


def replace_sizes(undo, item, model):
    """Tell our vocabulary's size where the instance tells its own."""
    for name in set(VOCABULARY_SIZE) & set(vars(item)):
        put(undo, item, name, model.vocab_size)


def put(undo, item, name, value):
    """Set an attribute, and put the old value back when `undo` closes."""
    if undo is not None:
        undo.callback(setattr, item, name, getattr(item, name))
    setattr(item, name, value)
