"""Drive one call against an output's cache. It runs beside untrusted code: inputs, no answers.

A call is an operation (`op`) and its inputs. An adapter's role that its interface cannot express
raises an exception whose class is named NotTestable; its text becomes the reason.
"""

import contextlib
import random
import sys
import time
import tracemalloc

import numpy as np

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
CONFIG = ("batch_size", "max_seq_len", "num_heads", "head_dim", "num_layers")
CREATE = {
    "plain": "create_cache",
    "paged": "create_paged_cache",
    "quantised": "create_quantised_cache",
}


def drive(entry, call):
    """Perform one call; see the functions below for what each operation takes and returns."""
    try:
        return OPERATIONS[call["op"]](entry, call)
    except Exception as error:
        if type(error).__name__ != "NotTestable":
            raise
        return {"not_testable": str(error)}


# ---- attention over a cache --------------------------------------------------------------------


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


# ---- the cache itself --------------------------------------------------------------------------


def store(entry, call):
    """Raw keys and values k, v (L, B, H, N, d) written chunk by chunk, then read back row by row.

    An exception of an optional cache is reported as its result: it is no crash of the output.
    """
    if missing := lacks(entry, CREATE[call["kind"]], "append_kv", "read_kv"):
        return missing
    if call["lengths"] is not None and not takes(entry, "append_kv", "lengths"):
        return {"not_testable": "no way to say that rows have lengths of their own"}
    try:
        changed = []
        cache = write(entry, create(entry, call), call, 0, len(call["chunks"]), changed)
        if call["report"]:
            return {"lengths": lengths_of(entry, cache, call)}
        return {"changed": changed, **held(entry, cache, call)}
    except Exception as error:
        if type(error).__name__ == "NotTestable" or call["kind"] == "plain":
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


def overflow(entry, call):
    """Fill with all chunks but the last, which does not fit; what happened, and what is held."""
    if missing := lacks(entry, "create_cache", "append_kv", "read_kv"):
        return missing
    cache = write(entry, create(entry, call), call, 0, len(call["chunks"]) - 1)
    raised = ""
    try:
        cache = write(entry, cache, call, len(call["chunks"]) - 1, len(call["chunks"]))
    except Exception as error:
        if type(error).__name__ == "NotTestable":
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


@contextlib.contextmanager
def tracing():
    """Trace allocations from here on, whatever happens."""
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


# ---- cost --------------------------------------------------------------------------------------


class Counted(np.ndarray):
    """An array that counts the multiply-adds of every product it takes part in."""

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [plainly(value) for value in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(plainly(value) for value in kwargs["out"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Counted.total += result.size * plain[0].shape[-1]
        else:
            Counted.total += max((np.size(value) for value in plain), default=0)
        return counted(result)

    def __array_function__(self, function, types, args, kwargs):
        if function in (np.dot, np.inner, np.tensordot, np.einsum):
            Counted.total += multiply_adds(function, args)
        result = function(*map(plainly, args), **{k: plainly(v) for k, v in kwargs.items()})
        return counted(result)


def plainly(value):
    """The value with every counted array, in lists and tuples too, as a plain array."""
    if isinstance(value, (list, tuple)):
        return type(value)(plainly(item) for item in value)
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def counted(value):
    """The value as a counted array, where it is a floating array."""
    floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.view(Counted) if floating else value


def multiply_adds(function, args):
    """At least the size of the largest operand times what it is contracted with."""
    arrays = [plainly(value) for value in args if isinstance(value, np.ndarray)]
    if function is np.einsum and isinstance(args[0], str):
        terms = args[0].replace(" ", "").split("->")[0].split(",")
        sizes = {}
        for term, array in zip(terms, arrays, strict=False):
            sizes.update(zip(term.replace("...", "")[::-1], array.shape[::-1], strict=False))
        return int(np.prod([float(size) for size in sizes.values()]))
    if len(arrays) < 2:
        return sum(array.size for array in arrays)
    return arrays[0].size * arrays[1].shape[-1]


def work(entry, call):
    """Multiply-adds and bytecodes of a step after `before` tokens; its seconds and a prefill's."""
    if missing := lacks(entry, "create_cache", "attend"):
        return missing
    products, bytecodes = [], []
    for before in call["before"]:
        cache = filled(entry, call, before)
        step = call["x"][:, before : before + 1]
        weights = {name: call[name][0].view(Counted) for name in WEIGHTS}
        Counted.total = 0
        attend(entry, cache, step.view(Counted), weights)
        products.append(Counted.total)
        bytecodes.append(count_bytecodes(attend, entry, cache, step.copy(), plain_weights(call)))
    return {"products": products, "bytecodes": bytecodes, **seconds(entry, call)}


def filled(entry, call, before):
    """A cache that holds the first `before` tokens."""
    cache = create(entry, {**call, "max_seq_len": before + 8})
    return prefill(entry, cache, call["x"][:, :before].copy(), plain_weights(call))


def prefill(entry, cache, x, weights):
    """All tokens in one call, or one by one where the interface takes no more."""
    try:
        return attend(entry, cache, x, weights)
    except Exception as error:
        if type(error).__name__ != "NotTestable":
            raise
        for at in range(x.shape[1]):
            cache = attend(entry, cache, x[:, at : at + 1], weights)
        return cache


def attend(entry, cache, x, weights):
    """One layer over the cache, which is returned, or what the output returns in its stead."""
    result = entry.attend(cache=cache, layer=0, x=x, lengths=None, **weights)
    return newer(cache, result[1:] if isinstance(result, tuple) else ())


def plain_weights(call):
    """The weights of the only layer."""
    return {name: call[name][0].copy() for name in WEIGHTS}


def count_bytecodes(action, *arguments):
    """Python instructions executed by a call: the work of plain loops, whatever the machine."""
    total = 0

    def trace(frame, event, _argument):
        nonlocal total
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        total += event == "opcode"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        action(*arguments)
    finally:
        sys.settrace(previous)
    return total


def seconds(entry, call):
    """Processor seconds of a prefill long enough to be measured, and of one step after it.

    Also the most bytes that one step allocates after `far` tokens.
    """
    longest = call["x"].shape[1] - 8
    size = 64
    while True:
        prefills = [timed_prefill(entry, call, size) for _ in range(2)]
        fastest, cache = min(prefills, key=lambda pair: pair[0])
        if fastest > 0.02 or 2 * size > longest:
            break
        size *= 2
    weights = plain_weights(call)
    steps = [
        timed(lambda at=at: attend(entry, cache, call["x"][:, at : at + 1].copy(), weights))[:1]
        for at in range(size, size + 4)
    ]
    far = longest if fastest * (longest / size) ** 2 < 0.5 else size
    cache = filled(entry, call, far)
    with tracing():
        attend(entry, cache, call["x"][:, far : far + 1].copy(), weights)
        peak = tracemalloc.get_traced_memory()[1]
    return {
        "far": far,
        "peak": peak,
        "prefilled": size,
        "prefill_seconds": fastest,
        "step_seconds": min(steps)[0],
    }


def timed_prefill(entry, call, size):
    """Processor seconds of a prefill into a fresh cache, and that cache."""
    cache = create(entry, {**call, "max_seq_len": size + 8})
    x, weights = call["x"][:, :size].copy(), plain_weights(call)
    return timed(lambda: prefill(entry, cache, x, weights))


def timed(action):
    """Processor seconds of one action, and its result."""
    start = time.process_time()
    result = action()
    return time.process_time() - start, result


# ---- the output's own decoder ------------------------------------------------------------------


def shipped_decoder(entry, call):
    """Make the output's own decoder and feed it tokens (B, N) in different ways, each afresh."""
    if missing := lacks(entry, "create_decoder", "decoder_step"):
        return missing
    out = {}
    for name, tokens, chunks in (
        ("steps", call["tokens"], [1] * call["tokens"].shape[1]),
        ("again", call["tokens"], [1] * call["tokens"].shape[1]),
        ("chunked", call["tokens"], call["chunks"]),
        ("other", call["other"], [1] * call["tokens"].shape[1]),
    ):
        if name not in call["ways"]:
            continue
        decoder = seeded(lambda: create_own(entry, call))
        try:
            out[name] = feed(entry, decoder, tokens, chunks)
        except Exception as error:  # noqa: BLE001 - whether it raises is what is asked
            if type(error).__name__ == "NotTestable":
                return {"not_testable": str(error)}
            if not call["may_raise"]:
                return {"not_testable": f"the decoder raised {type(error).__name__}: {error}"}
            return {**out, "raised": f"{type(error).__name__}: {error}"}
    if "again" in out and not np.array_equal(out["steps"], out["again"]):
        return {"not_testable": "two fresh decoders differ on the same tokens"}
    return {**out, "raised": ""}


def create_own(entry, call):
    """The output's decoder at a small configuration."""
    return entry.create_decoder(**{name: call[name] for name in (*CONFIG, "vocab_size")})


def feed(entry, decoder, tokens, chunks):
    """The last position's logits (B, V) after all tokens, given in chunks."""
    start, logits = 0, None
    for size in chunks:
        piece = tokens[:, start : start + size].copy()
        logits = as_array(entry.decoder_step(decoder=decoder, tokens=piece))
        start += size
    batch = tokens.shape[0]
    logits = logits.reshape(batch, -1, logits.shape[-1]) if logits.ndim else logits
    return logits[:, -1].copy()


def generator(entry, call):
    """Greedy tokens from a prompt, and from the prompt continued with the first of them."""
    if missing := lacks(entry, "create_decoder", "generate"):
        return missing
    try:
        first, again = (own_tokens(entry, call, call["prompt"], call["steps"]) for _ in range(2))
        kept = call["keep"]
        longer = [*call["prompt"], *first[:kept]]
        rest = own_tokens(entry, call, longer, call["steps"] - kept)
    except Exception as error:
        if type(error).__name__ == "NotTestable":
            raise
        return {"not_testable": f"the generator raised {type(error).__name__}: {error}"}
    if first != again or len(first) != call["steps"]:
        return {"not_testable": "it does not generate the same number of tokens twice"}
    return {"first": first, "rest": rest}


def own_tokens(entry, call, prompt, steps):
    """The new tokens that a fresh generator adds to a prompt, the prompt itself left out."""
    decoder = seeded(lambda: create_own(entry, {**call, "batch_size": 1}))
    random.seed(0)
    np.random.seed(0)
    made = as_array(entry.generate(decoder=decoder, prompt=list(prompt), max_new_tokens=steps))
    made = [int(token) for token in made.reshape(-1)]
    return made[len(prompt) :] if made[: len(prompt)] == list(prompt) else made


def seeded(action):
    """Run an action with Python's and NumPy's global generators seeded alike."""
    random.seed(0)
    np.random.seed(0)
    return action()


# ---- shared ------------------------------------------------------------------------------------


def create(entry, call):
    """A fresh cache of the kind and configuration of a call."""
    role = CREATE[call.get("kind", "plain")]
    arguments = {name: call[name] for name in CONFIG}
    if role != "create_quantised_cache":
        arguments["dtype"] = np.dtype(call["dtype"])
    if role == "create_paged_cache":
        arguments["block_size"] = call["block_size"]
    return getattr(entry, role)(**arguments)


def lacks(entry, *roles):
    """A "not testable" result naming the roles that the output does not have, or None."""
    absent = [role for role in roles if not entry.has(role)]
    return {"not_testable": f"it has no {', '.join(absent)}"} if absent else None


def takes(entry, role, parameter):
    """Whether the function behind a role takes a parameter, by any of its names."""
    names = {"lengths": ("lengths", "new_lengths", "valid_lengths"), "dtype": ("dtype",)}[parameter]
    parameters = entry.signature(role).parameters
    catches_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return catches_all or any(name in parameters for name in names)


def passes_dtype(entry):
    """Whether the dtype asked for reaches the output's cache; an adapter knows."""
    return getattr(entry.raw("create_cache"), "passes_dtype", takes(entry, "create_cache", "dtype"))


def lengths_of(entry, cache, call):
    """The reported lengths as B integers; one number stands for every row."""
    found = np.atleast_1d(as_array(entry.cache_lengths(cache=cache)))
    if found.size == 1:
        found = np.repeat(found.reshape(1), call["batch_size"])
    return found.astype(np.int64) if found.dtype.kind in "iuf" else found


def as_array(value):
    """An array from an array, a list, or the first item of a tuple or dictionary."""
    if isinstance(value, tuple) and len(value) and not np.isscalar(value[0]):
        value = value[0]
    if isinstance(value, dict):
        value = next(iter(value.values()))
    return np.asarray(value)


def as_number(value):
    """A number of bytes from a number, or the largest number in a dictionary."""
    if isinstance(value, dict):
        numbers = [v for v in value.values() if isinstance(v, (int, float, np.number))]
        return float(max(numbers))
    return float(value)


OPERATIONS = {
    "stack": stack,
    "store": store,
    "overflow": overflow,
    "memory": memory,
    "work": work,
    "decoder": shipped_decoder,
    "generator": generator,
}
