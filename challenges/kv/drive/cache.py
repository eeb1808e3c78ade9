"""Writing to a cache and reading back: what it holds, when it overflows, what it costs to keep."""

import tracemalloc

from challenges.driving.refusing import refused
from challenges.driving.tracing import tracing

from .attention import newer
from .interface import CREATE, as_array, as_number, create, lacks, lengths_of, passes_dtype, takes


def store(entry, call):
    """Raw keys and values k, v (L, B, H, N, d) written chunk by chunk, then read back row by row.

    An exception of an optional cache is reported as its result: it is no crash of the output.
    """
    if missing := lacks(entry, CREATE[call["kind"]], "append_kv", "read_kv"):
        return missing
    if reason := no_lengths(entry, call):
        return reason
    try:
        changed = []
        cache = write(entry, create(entry, call), call, 0, len(call["chunks"]), changed)
        if call["report"]:
            return {"lengths": lengths_of(entry, cache, call)}
        return {"changed": changed, **held(entry, cache, call)}
    except Exception as error:
        if refused(entry, error) or call["kind"] == "plain":
            raise
        return {"raised": f"{type(error).__name__}: {error}"}


def write(entry, cache, call, first, last, changed=None):
    """Write the chunks first ... last - 1 to every layer, from buffers that are then reused.

    changed: a list, to which the names of arguments that the output wrote to are added.
    """
    start = sum(call["chunks"][:first])
    for number in range(first, last):
        stop = start + call["chunks"][number]
        for layer in range(call["num_layers"]):
            k, v = (call[name][layer, :, :, start:stop].copy() for name in ("k", "v"))
            lengths = None if call["lengths"] is None else call["lengths"][number].copy()
            result = entry.append_kv(cache=cache, layer=layer, k=k, v=v, lengths=lengths)
            cache = newer(cache, (result,))
            for name, given in (("k", k), ("v", v)):
                if changed is not None and (given != call[name][layer, :, :, start:stop]).any():
                    changed.append(name)
            k[...] = v[...] = 1e6
        start = stop
    return cache


def held(entry, cache, call, part=""):
    """What every layer and row now holds: k_<layer>_<row> and v_<layer>_<row>, (H, length, d)."""
    out = {}
    for layer in range(call["num_layers"]):
        for row in range(call["batch_size"]):
            k, v = entry.read_kv(cache=cache, layer=layer, row=row)
            out[f"{part}k_{layer}_{row}"] = as_array(k).copy()
            out[f"{part}v_{layer}_{row}"] = as_array(v).copy()
    return out


def no_lengths(entry, call):
    """Why rows cannot have lengths of their own, where a call gives them some."""
    if call["lengths"] is None or takes(entry, "append_kv", "lengths"):
        return None
    return {"not_testable": "no way to say that rows have lengths of their own"}


def overflow(entry, call):
    """Write all chunks but the last, then that; what it led to, and what is held."""
    if missing := lacks(entry, "create_cache", "append_kv", "read_kv"):
        return missing
    if reason := no_lengths(entry, call):
        return reason
    cache = write(entry, create(entry, call), call, 0, len(call["chunks"]) - 1)
    raised = ""
    try:
        cache = write(entry, cache, call, len(call["chunks"]) - 1, len(call["chunks"]))
    except Exception as error:
        if refused(entry, error):
            raise
        raised = type(error).__name__
    return {"raised": raised, **held(entry, cache, call)}


def memory(entry, call):
    """Bytes reported when empty, when written, for one layer alone; bytes really allocated."""
    if missing := lacks(entry, "create_cache", "append_kv", "cache_bytes"):
        return missing
    with tracing():
        before = tracemalloc.get_traced_memory()[0]
        cache = create(entry, call)
        empty = as_number(entry.cache_bytes(cache=cache))
        cache = write(entry, cache, call, 0, len(call["chunks"]))
        traced = tracemalloc.get_traced_memory()[0] - before
    full = as_number(entry.cache_bytes(cache=cache))
    flat = {**call, "num_layers": 1}
    cache = write(entry, create(entry, flat), flat, 0, len(call["chunks"]))
    single = as_number(entry.cache_bytes(cache=cache))
    return {
        "empty": empty,
        "full": full,
        "single": single,
        "traced": traced,
        "exact": passes_dtype(entry),
    }
