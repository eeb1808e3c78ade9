"""The language model that an output brings along: found, listened to, searched with."""

import contextlib
import importlib
import inspect
import pathlib

import numpy as np

from challenges.driving.parameters import is_needed

from .results import beams
from .searching import laid_out, search
from .values import nested, written_in_python

MODEL_MODULES = ("model", "models", "lm", "language_model", "toy_model", "tiny_model")


def own_models(module, asked):
    """Instances of the module's classes that have all methods which the output asked."""
    for item in [item for home in (module, *siblings(module)) for item in vars(home).values()]:
        if not inspect.isclass(item) or not written_in_python(item):
            continue
        if all(callable(getattr(item, name, None)) for name in asked or ("forward",)):
            with contextlib.suppress(Exception):
                yield item(**arguments(item))


def siblings(module):
    """Modules beside this one whose name says that they hold a language model."""
    folder = pathlib.Path(getattr(module, "__file__", None) or "nowhere").parent
    for name in MODEL_MODULES:
        if (folder / f"{name}.py").is_file():
            with contextlib.suppress(Exception):
                yield importlib.import_module(name)


def arguments(item):
    """Small values for the parameters of a constructor that have no default."""
    sizes = {"vocab": 23, "dim": 16, "model": 16, "hidden": 16, "embed": 16, "head": 2, "len": 64}
    named = [name for name, p in inspect.signature(item).parameters.items() if is_needed(p)]
    return {n: next((size for part, size in sizes.items() if part in n.lower()), 4) for n in named}


def own_kinds(entry, model):
    """What the methods of the output's own models return, where their answers all show the same."""
    seen = {}
    for own in own_models(entry.module, model.asked):
        for method, tokens in model.asked.items():
            with contextlib.suppress(Exception):
                seen.setdefault(method, set()).add(kind_of(row_of(getattr(own, method)(tokens))))
    return tuple((method, *kinds) for method, kinds in seen.items() if len(kinds) == 1)


def kind_of(row):
    """Whether some numbers are logits, log-probabilities or probabilities."""
    if row.min() >= 0 and abs(row.sum() - 1) < 1e-4:
        return "probs"
    return "logprobs" if row.max() <= 0 and abs(np.exp(row).sum() - 1) < 1e-4 else "logits"


def row_of(answer):
    """The last row (V,) of an answer of any shape, in float64."""
    values = np.asarray(answer[0] if isinstance(answer, tuple) else answer, dtype=np.float64)
    return values.reshape(-1, values.shape[-1])[-1]


class Recorder:
    """The output's own model, with every question and answer kept."""

    def __init__(self, own):
        self._own, self.heard = own, []

    def __getattr__(self, name):
        found = getattr(self._own, name)
        return self._heard(found) if callable(found) else found

    def __call__(self, *args, **named):
        """Keep what a plain call asks and answers, too."""
        return self._heard(self._own)(*args, **named)

    def _heard(self, function):
        def asked(*args, **named):
            answer = function(*args, **named)
            if len(args) + len(named) == 1:  # with a mask or lengths, the prefixes are not told
                self.heard.append((*args, *named.values(), answer))
            return answer

        return asked


def with_own_model(entry, call, manner):
    """Search with the output's own model; report what that model answered to which prefix."""
    given = {**call, "prompts": laid_out(call["prompts"], manner.dialect)}
    for own in () if manner.owns else own_models(entry.module, manner.asked):
        model = Recorder(own)
        try:
            search(entry, {**given, "max_new_tokens": 1, "eos_token_id": 0}, model)
            answers = list(heard_rows(model, manner))
            end = int(np.argsort(-answers[0][1])[call["eos_rank"]])
        except Exception:  # noqa: BLE001, S112 - built from guessed arguments, it may do anything
            continue
        found = search(entry, {**given, "eos_token_id": end}, model)
        answers = list(heard_rows(model, manner))
        return {
            "beams": beams(found, call, manner.echoes),
            "eos_token_id": end,
            "prefixes": [prefix for prefix, _ in answers],
            "answers": np.stack([row for _, row in answers]),
        }
    return {"not_testable": "the output has no language model of its own that can be passed"}


def heard_rows(recorder, manner):
    """Each prefix asked, with the logits (V,) of its next token."""
    for tokens, answer in recorder.heard:
        values = answer[0] if isinstance(answer, tuple) else answer
        rows = zip(tokens, values, strict=True) if nested(tokens) else [(tokens, values)]
        for prefix, answered in rows:
            row = row_of(answered)
            yield [int(t) for t in prefix], np.log(row) if manner.kind() == "probs" else row
