"""The output's own decoder, with its own weights: which class it is and how it is made."""

import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .calling import call
from .decoder import Decoder, is_their_own
from .held import state_of
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
