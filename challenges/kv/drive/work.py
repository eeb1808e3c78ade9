"""How the work of a step grows with what the cache holds."""

import time

from challenges.driving.refusing import refused
from challenges.driving.tracing import peak

from .attention import WEIGHTS, newer
from .counting import Counted, count_bytecodes
from .interface import create, lacks

MEASURABLE = 0.02  # seconds: a prefill that takes less is too short beside the clock's steps
AFFORDABLE = 0.5  # seconds that filling the cache to the end may take, by what a prefill took


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
        if not refused(entry, error):
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


def seconds(entry, call):
    """Processor seconds of a prefill long enough to be measured, and of one step after it.

    Also the most bytes that one step allocates after `far` tokens.
    """
    longest = call["x"].shape[1] - 8
    size = 64
    while True:
        prefills = [timed_prefill(entry, call, size) for _ in range(2)]
        fastest, cache = min(prefills, key=lambda pair: pair[0])
        if fastest > MEASURABLE or 2 * size > longest:
            break
        size *= 2
    weights = plain_weights(call)
    steps = [
        timed(lambda at=at: attend(entry, cache, call["x"][:, at : at + 1].copy(), weights))[:1]
        for at in range(size, size + 4)
    ]
    far = longest if fastest * (longest / size) ** 2 < AFFORDABLE else size
    cache = filled(entry, call, far)
    token = call["x"][:, far : far + 1]
    _, most = peak(lambda: attend(entry, cache, token.copy(), weights))
    return {
        "far": far,
        "peak": most,
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
