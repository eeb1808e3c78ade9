"""The output's own decoder, with its own weights."""

import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .calling import call
from .held import state_of
from .layouts import arrays_in
from .naming import parameters, slot, slots
from .pieces import methods, settings

DECODERS = re.compile(r"decoder|transformer|model|lm$|gpt|llama|engine|generat", re.IGNORECASE)
NOT_DECODERS = re.compile(
    r"config|block$|layer$|cost|memory|analy|profil|attention$|cache$|tensor", re.IGNORECASE
)
STEPS = (
    "forward_step",
    "decode_step",
    "step",
    "decode",
    "forward_incremental",
    "forward",
    "__call__",
)
PREFILLS = ("prefill", "process_prompt", "encode_prompt", "forward_prefill")
GENERATES = re.compile(r"^(generate|greedy|decode_greedy|run_generation)")


class DecoderUse:
    """The output's own decoder: how to make it, give it tokens, and let it generate."""

    def __init__(self, kind, use, pieces):
        self.kind, self.use, self.pieces = kind, use, pieces
        self.names = [n for n, _ in methods(kind)]
        self.step = next((n for n in STEPS if n in self.names), None)
        self.prefill = next((n for n in PREFILLS if n in self.names), None)
        self.generate = next((n for n in self.names if GENERATES.search(n)), None)

    def make(self, config):
        """A fresh decoder, its caches set up where it has a method for that."""
        model = call(self.kind, self._known(config), self.pieces)
        made = None
        for name in self.names:
            if re.match(r"^(init|setup|create|allocate|make|new)_?.*cache", name):
                made = call(getattr(model, name), self._known(config), self.pieces)
                break
        taken = slots(getattr(model, self.step or self.generate))
        remembers = {"cache", "caches"} & taken or holds_cache(model, self.pieces)
        if self.step in ("forward", "__call__") and not remembers:
            raise NotTestable(f"{self.kind.__name__}.{self.step} keeps nothing between calls")
        passed_on = self.use is None or getattr(self.use.kind, "ours", False)
        if made is None and {"cache", "caches"} & taken and not passed_on:
            objects = [state_of(rows[0]) for rows in Cache(self.use, config, np.float64).objects]
            made = objects[0] if self.use.layered else objects
        return Decoder(self, model, made, config)

    def _known(self, config):
        known = {**settings(config, np.float64), "temperature": 1.0, "causal": True}
        wanted = [
            p
            for n, p in parameters(self.kind).items()
            if slot(n) == "model" and p.default is p.empty
        ]
        if wanted:
            known["model"] = self._inner(known)
        if "cache" in slots(self.kind) and self.use:
            known["cache"] = Cache(self.use, config, np.float64).object(0)
        return known

    def _inner(self, known):
        """A model for a generator that takes one."""
        for name, kind in self.pieces.classes.items():
            named = DECODERS.search(name) and not NOT_DECODERS.search(name)
            if named and kind is not self.kind and "model" not in slots(kind):
                return call(kind, known, self.pieces)
        raise NotTestable(f"{self.kind.__name__} needs a model that was not found")


class Decoder:
    """One decoder with what it has been given so far."""

    def __init__(self, how, model, caches, config):
        self.how, self.model, self.config, self.count = how, model, config, 0
        self.caches = caches
        self.form = None

    def feed(self, tokens):
        """Give tokens (B, T); what the step returns, as an array (B, ..., V)."""
        name = self.how.step
        if tokens.shape[1] > 1 and self.count == 0 and self.how.prefill:
            name = self.how.prefill
        function = getattr(self.model, name)
        errors = []
        for form in [self.form] if self.form and tokens.shape[1] == 1 else self._forms(tokens):
            try:
                result = call(function, self._known(function, form(tokens)), self.how.pieces)
            except Exception as error:
                errors.append(error)
                if is_their_own(error, self.how.pieces):
                    raise
                continue
            arrays = [
                a
                for a in arrays_in(result)
                if a.shape[:1] == tokens.shape[:1] and a.dtype.kind == "f"
            ]
            arrays += [a for a in arrays_in(result) if a.dtype.kind == "f" and tokens.shape[0] == 1]
            if not arrays:
                errors.append(NotTestable("the step returns no logits per row"))
                continue
            self.form = form
            self.count += tokens.shape[1]
            self._take_new_caches(function, result)
            return arrays[0]
        raise NotTestable(
            f"{self.how.kind.__name__}.{name}: {errors[-1] if errors else 'no way to call it'}"
        )

    def _take_new_caches(self, function, result):
        """Keep the caches that a step in functional style returns beside its logits."""
        if not {"cache", "caches"} & slots(function):
            return
        beside = result[1:] if isinstance(result, tuple) else ()
        kinds = (list, tuple, dict) if self.caches is None else type(self.caches)
        new = next((item for item in beside if isinstance(item, kinds)), None)
        if new is None and self.caches is None:
            raise NotTestable(f"{function.__qualname__} keeps nothing between calls")
        self.caches = self.caches if new is None else new

    def _forms(self, tokens):
        """Ways to write tokens: arrays or lists, one a row; vectors where it has no vocabulary."""
        table = np.random.default_rng(3).standard_normal((self.config["vocab_size"], 64))
        width = self.config["num_heads"] * self.config["head_dim"]
        taken = slots(getattr(self.model, self.how.step))
        if "x" in taken and "tokens" not in taken:
            vectors = [lambda t: table[t][..., :width], lambda t: table[t[:, 0]][..., :width]]
            return vectors if tokens.shape[1] == 1 else vectors[:1]
        many = [lambda t: t, lambda t: t.tolist()]
        return (
            [*many, lambda t: t[:, 0], lambda t: t[:, 0].tolist()] if tokens.shape[1] == 1 else many
        )

    def _known(self, function, tokens):
        known = {
            "tokens": tokens,
            "x": tokens,
            "position": self.count,
            "first": self.count,
            "causal": True,
        }
        known["positions"] = np.full(self.config["batch_size"], self.count)
        known["cache"] = known["caches"] = self.caches
        first = next(iter(parameters(function)), "")
        if slot(first) is None:
            raise NotTestable(f"no known meaning for the parameter {first}")
        if self.caches is None:
            del known["cache"], known["caches"]
        return known

    def generate(self, prompt, count):
        """Greedy tokens; prompts tried as a list, an array and a batch of one."""
        function = getattr(self.model, self.how.generate)
        known = {"new_tokens": count, "greedy": True, "do_sample": False, "top_k": 1, "seed": 0}
        errors = []
        for temperature in (0.0, 1e-4):
            for form in (np.array([prompt]), list(prompt), np.array(prompt), [list(prompt)]):
                try:
                    result = call(
                        function,
                        {**known, "tokens": form, "temperature": temperature},
                        self.how.pieces,
                    )
                    return np.asarray(result[0] if isinstance(result, tuple) else result).astype(
                        np.int64
                    )
                except Exception as error:
                    errors.append(error)
        raise NotTestable(f"{self.how.kind.__name__}.{self.how.generate}: {errors[0]}")


def holds_cache(thing, pieces, depth=4):
    """Whether an object, or one that it is made of, has a cache among its attributes."""
    own = type(thing) in pieces.classes.values()
    if depth == 0 or not (own or isinstance(thing, (list, dict))):
        return False
    if own and re.search("cache", type(thing).__name__, re.IGNORECASE):
        return True
    if own and any("cache" in name.lower() for name in vars(thing)):
        return True
    inner = vars(thing) if own else thing
    parts = inner.values() if isinstance(inner, dict) else inner
    return any(holds_cache(part, pieces, depth - 1) for part in parts)


def is_their_own(error, pieces):
    """Whether an error can only be the output's own: a name or attribute that nothing defines."""
    if isinstance(error, AttributeError):
        return type(error.obj) in pieces.classes.values() or error.obj in pieces.modules
    return isinstance(error, (NameError, ImportError))


def decoder_use(pieces, use, wanted):
    """The first decoder class with this ability ("step" or "generate"), or None."""
    for name, kind in pieces.classes.items():
        how = DecoderUse(kind, use, pieces)
        if DECODERS.search(name) and not NOT_DECODERS.search(name) and getattr(how, wanted):
            return how
    return None


def decoder_roles(pieces, use):
    """Roles of the output's own decoder; what steps and what generates may be different classes."""

    def made(handle, wanted):
        if wanted not in handle:
            how = decoder_use(pieces, use, wanted)
            if how is None:
                raise NotTestable(f"no decoder with a method to {wanted} was found")
            try:
                handle[wanted] = how.make(handle["config"])
            except Exception as error:
                if is_their_own(error, pieces) or isinstance(error, NotTestable):
                    raise
                raise NotTestable(f"{how.kind.__name__} could not be made: {error}") from error
        return handle[wanted]

    return {
        "create_decoder": lambda **config: {"config": config},
        "decoder_step": lambda decoder, tokens: made(decoder, "step").feed(tokens),
        "generate": lambda decoder, prompt, max_new_tokens: made(decoder, "generate").generate(
            prompt, max_new_tokens
        ),
    }
