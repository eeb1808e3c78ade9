"""Calling an attention function or method over a cache."""

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .calling import call
from .held import own_cache
from .naming import slots
from .one_call import called
from .pieces import TRY, settings
from .unequal import unequal, write
from .weights import WEIGHTS, complete, weights_of


class AttentionUse:
    """How to call one attention function or method over caches of one class.

    bare: leave its defaults alone. update: "self" if it appends the new keys and values, "before"
    or "after" if that is left to us. layout, lists: of what it is given. turned: weights used as
    x @ w.T. mask: the kind of mask it wants, and mask_many that for several tokens. many, causal:
    whether it takes several tokens, and lets none see a later one. steps: whether steps select as
    they should. prefill: another callable, that is given prompts in its stead.
    """

    def __init__(self, function, owner, cache_use, pieces):
        self.function, self.owner, self.cache_use, self.pieces = function, owner, cache_use, pieces
        self.slots = slots(function)
        self.name = function.__qualname__
        self.on_cache = owner is not None and issubclass(owner, cache_use.kind)
        self.go((False, "self", "btD", False, False, "", True))
        self.many = self.causal = self.steps = False
        self.mask_many, self.prefill = "", None
        self.owns = owner is not None and self._owns_cache()
        self.projects = (
            bool({"weights"} & self.slots)
            or {"w_q", "w_k", "w_v"} <= self.slots
            or (owner is not None and not self.on_cache and self._has_weights())
        )

    def go(self, way):
        """Take one of the ways to call it."""
        self.bare, self.update, self.layout, self.lists, self.turned, self.mask, self.totals = way
        self.out_layout = None

    def possible(self):
        """Whether its parameters name a query or hidden states, and something to attend over."""
        asks = bool({"q", "x"} & self.slots)
        over = (
            {"cache"} <= self.slots
            or {"k", "v"} <= self.slots
            or {"held_k", "held_v"} <= self.slots
        )
        return asks and (over or self.on_cache or (self.projects and self.owns))

    def _has_weights(self):
        try:
            return complete(weights_of(self.instance(TRY, np.float64)))
        except Exception:
            return False

    def _owns_cache(self):
        try:
            return own_cache(self.instance(TRY, np.float64), self.cache_use.kind) is not None
        except Exception:
            return False

    def instance(self, config, dtype, layer=0):
        """A fresh object whose method this is; None for a function."""
        if self.owner is None:
            return None
        known = {**settings(config, dtype), "causal": True, "layer": layer}
        eye = np.eye(known["width"], dtype=dtype)
        known |= dict.fromkeys(WEIGHTS, eye.tolist() if self.pieces.plain(self.owner) else eye)
        if "cache" in slots(self.owner):
            known["cache"] = Cache(self.cache_use, config, dtype).object(0)
        return call(self.owner, known, self.pieces)

    def attend(self, cache, layer, x, weights, lengths):
        """One layer: append the new tokens' keys and values and attend; x and result (B, T, D)."""
        new = np.full(x.shape[0], x.shape[1]) if lengths is None else np.asarray(lengths)
        if (new != x.shape[1]).any():
            if not (new == new[0]).all():
                return unequal(self, cache, layer, x, weights, new)
            y = np.zeros(x.shape)
            y[:, : new[0]] = self.attend(cache, layer, x[:, : new[0]], weights, None)
            return y
        if x.shape[1] > 1 and self.prefill and not cache.counts[layer].any():
            return self.prefill.attend(cache, layer, x, weights, lengths)
        if x.shape[1] > 1 and not self.many:
            raise NotTestable(f"{self.name} takes one token at a time")
        untold = self.stateless() and self.owner is None and not self.mask_many
        if x.shape[1] > 1 and untold and cache.counts[layer].any():
            raise NotTestable(f"{self.name} is not told which of the keys are new")
        if self.update == "before":
            write(cache, layer, x, weights, None)
        if "b" in self.layout:
            y = called(self, cache, layer, x, weights, None)
        else:
            y = np.concatenate(
                [called(self, cache, layer, x, weights, row) for row in range(x.shape[0])]
            )
        if self.update == "after":
            write(cache, layer, x, weights, None)
        elif self.update == "self":
            cache.counts[layer] += new
            cache.advance(layer, new)
        return y

    def stateless(self):
        """Whether it is given keys and values, and neither takes nor owns a cache."""
        return "cache" not in self.slots and not self.owns and not self.on_cache
