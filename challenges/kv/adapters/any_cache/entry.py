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
    uses, why = cache_uses(pieces)
    plain = uses.get("plain") or uses.get("paged")
    found = {}

    def attentions():
        if "attention" not in found:
            found["attention"] = attention_uses(pieces, plain) if plain else ([], why)
        return found["attention"]

    def make(kind, config, dtype):
        use = plain if kind == "plain" else uses.get(kind)
        if use is None:
            if kind != "plain":
                raise NotTestable(f"no {kind} cache was found")
            raise NotTestable("no cache was found" + (f": {why}" if why else ""))
        return Cache(use, config, dtype)

    def create_cache(dtype, **config):
        return make("plain", config, dtype)

    create_cache.passes_dtype = plain is not None and bool(
        {"dtype", "item_size"} & plain.constructor
    )

    def attend_with(number):
        def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths):
            known, reasons = attentions()
            if number >= len(known) or (number and not known[number].steps):
                raise NotTestable(reasons or "no attention over the cache was found")
            y = known[number].attend(cache, layer, x, (w_q, w_k, w_v, w_o), lengths)
            return y.astype(np.float32) if plain.narrow and not create_cache.passes_dtype else y

        return attend

    return {
        "create_cache": create_cache,
        "create_paged_cache": lambda dtype, **config: make("paged", config, dtype),
        "create_quantised_cache": lambda **config: make("quantised", config, np.float64),
        "append_kv": lambda cache, layer, k, v, lengths: theirs(cache).write(layer, k, v, lengths),
        "read_kv": lambda cache, layer, row: cache.read(layer, row),
        "cache_lengths": lengths_of,
        "cache_bytes": lambda cache: theirs(cache).bytes(),
        "attend": attend_with(0),
        "attend_again": attend_with(1),
        **decoder_roles(pieces, plain),
    }


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
