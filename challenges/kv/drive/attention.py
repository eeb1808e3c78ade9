"""Decoding through layers over one cache a stream."""

import numpy as np

from .interface import as_array, create, lacks, lengths_of, takes

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


def stack(entry, call):
    """Hidden states x (S, B, N, D) through all layers, chunk by chunk, one cache a stream."""
    if missing := lacks(entry, call["role"]):
        return missing
    given = {name: call[name].copy() for name in ("x", *WEIGHTS)}
    if call["lengths"] is not None and not takes(entry, call["role"], "lengths"):
        return {"not_testable": "no way to say that rows have lengths of their own"}
    caches = [create(entry, call) for _ in given["x"]]
    y = np.zeros(given["x"].shape, dtype=np.float64)
    kinds, reported, start = set(), [], 0
    for number, size in enumerate(call["chunks"]):
        lengths = None if call["lengths"] is None else call["lengths"][number].copy()
        for stream, cache in enumerate(caches):
            piece = given["x"][stream, :, start : start + size]
            out, kind, caches[stream] = through_layers(
                entry, call["role"], cache, piece, given, lengths
            )
            y[stream, :, start : start + size] = out
            kinds.add(kind)
        start += size
        if call["report"]:
            reported.append(lengths_of(entry, caches[0], call))
    return {
        "y": y.astype(np.float32) if kinds == {"float32"} else y,
        "kinds": sorted(kinds),
        "lengths": reported,
        **{f"{name}_after": value for name, value in given.items()},
    }


def through_layers(entry, role, cache, x, weights, lengths):
    """One chunk (B, T, D) through every layer, each with a residual; padding stays as it was."""
    size = x.shape[1]
    real = np.ones(x.shape[:2], dtype=bool)
    if lengths is not None:
        real = np.arange(size)[None, :] < lengths[:, None]
    hidden, kind = x, ""
    for layer in range(len(weights["w_q"])):
        arguments = {name: weights[name][layer] for name in WEIGHTS}
        result = getattr(entry, role)(
            cache=cache, layer=layer, x=hidden, lengths=lengths, **arguments
        )
        out = as_array(result)
        cache = newer(cache, result[1:] if isinstance(result, tuple) else ())
        if out.shape != x.shape:
            out = out.reshape(x.shape)
        kind = str(out.dtype)
        hidden = np.where(real[:, :, None], hidden + out, x).astype(x.dtype)
    return np.where(real[:, :, None], hidden, 0.0), kind, cache


def newer(cache, returned):
    """The cache that a function in functional style returns, or the one it was given."""
    return next((item for item in returned if type(item) is type(cache)), cache)
