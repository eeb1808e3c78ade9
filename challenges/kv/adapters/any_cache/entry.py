"""Reach the roles of challenge.yaml in an output with classes, or functions of its own shape.

Nothing here knows a model or a file. Pieces are found by what they take: a cache is a class with a
method that takes keys and values; attention is a callable that takes a query (or hidden states and
weights) with a cache, or with keys and values; a decoder is a class that steps. Parameters are
recognised by name (naming.py). How arrays are laid out is found out by trying: one token is written
and read back (cache_trial.py), one token's attention must be its own value (attention_trial.py).
Sizes are unlike each other when trying, so that the axes of a result can be told by their lengths
(layouts.py).

What an interface cannot express raises NotTestable with the reason.
"""

import functools

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .choosing import attention_uses, cache_uses
from .decoder_use import decoder_roles
from .held import Past
from .pieces import Pieces

EXPORTS = {"*[Cc]ache*|*KV*|*[Aa]ttention*|*Decoder*|*Transformer*|*GPT*|*Model|*LM": ()}


def entry(module, load):
    """The roles of challenge.yaml over whatever is there; what is not raises NotTestable."""
    pieces = Pieces(module, load)
    found = Found(pieces)

    def create_cache(dtype, **config):
        return found.cache("plain", config, dtype)

    create_cache.passes_dtype = found.passes_dtype
    return {
        "create_cache": create_cache,
        "create_paged_cache": lambda dtype, **config: found.cache("paged", config, dtype),
        "create_quantised_cache": lambda **config: found.cache("quantised", config, np.float64),
        "append_kv": lambda cache, layer, k, v, lengths: theirs(cache).write(layer, k, v, lengths),
        "read_kv": lambda cache, layer, row: cache.read(layer, row),
        "cache_lengths": lengths_of,
        "cache_bytes": lambda cache: theirs(cache).bytes(),
        "attend": found.attend_with(0),
        "attend_again": found.attend_with(1),
        **decoder_roles(pieces, found.plain),
    }


class Found:
    """The caches that were found, by sort, and the attention over them, once that is asked for."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.uses, self.why = cache_uses(pieces)
        self.plain = self.uses.get("plain") or self.uses.get("paged")
        taken = self.plain.constructor if self.plain else set()
        self.passes_dtype = bool({"dtype", "item_size"} & taken)

    @functools.cached_property
    def attentions(self):
        """(uses, the likeliest first, why not others): finding them takes trials."""
        return attention_uses(self.pieces, self.plain) if self.plain else ([], self.why)

    def cache(self, sort, config, dtype):
        """A fresh cache of a sort. Raises NotTestable where none was found."""
        use = self.plain if sort == "plain" else self.uses.get(sort)
        if use is None and sort != "plain":
            raise NotTestable(f"no {sort} cache was found")
        if use is None:
            raise NotTestable("no cache was found" + (f": {self.why}" if self.why else ""))
        return Cache(use, config, dtype)

    def attend_with(self, number):
        """The role that attends with the callable in this place."""

        def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths):
            known, reasons = self.attentions
            if number >= len(known) or (number and not known[number].steps):
                raise NotTestable(reasons or "no attention over the cache was found")
            y = known[number].attend(cache, layer, x, (w_q, w_k, w_v, w_o), lengths)
            return y.astype(np.float32) if self.plain.narrow and not self.passes_dtype else y

        return attend


def lengths_of(cache):
    """The reported lengths; what is passed around tells them by its shape."""
    if not isinstance(cache.object(0), Past):
        return theirs(cache).lengths()
    rows = range(cache.config["batch_size"])
    empty = not cache.object(0).state
    return np.array([0 if empty else cache.read(0, row)[0].shape[1] for row in rows])


def theirs(cache):
    """The cache, unless it is our stand-in for what is passed around."""
    if getattr(cache.use.kind, "ours", False):
        raise NotTestable("keys and values are passed around, there is no cache to write to")
    return cache
