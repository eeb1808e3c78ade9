"""Manners of calling that expose state kept between calls: call["do"] names one."""


def others(given):
    """Other numbers of the same shapes."""
    return {name: value[::-1] * -2 + 1 for name, value in given.items()}


def narrower(given):
    """Other numbers of the same shapes but for the last axis, which is shorter by one."""
    return {name: value[..., 1:].copy() for name, value in others(given).items()}


def refill(run, given):
    """Run once with other numbers in the very arrays that then hold their own again."""
    real = {name: value.copy() for name, value in given.items()}
    put(given, others(real))
    run(given)
    put(given, real)


def put(given, values):
    """Fill arrays, which stay the objects that they are."""
    for name, value in given.items():
        value[...] = values[name]


def both_passes(do, forward, backward, given, upstream):
    """The output and the gradients, from forward(given) -> (output, cache) and backward.

    do: "again" calls backward twice on one cache, first with other numbers for `upstream`, and the
    second counts; "interleaved" puts other forwards between the two and their backwards after
    them; "refilled" refills the arrays.
    """
    if do == "refilled":
        refill(lambda arrays: both(forward, backward, arrays), given)
    out, cache = forward(given)
    between = [others(given), narrower(given)] if do == "interleaved" else []
    caches = [forward(other)[1] for other in between]
    if do == "again":
        backward({**given, upstream: others(given)[upstream]}, cache)
    gradients = backward(given, cache)
    for other, other_cache in zip(between, caches, strict=True):
        backward(other, other_cache)
    return out, gradients


def both(forward, backward, given):
    """What forward returns, after backward: the output is held as long as a training step does."""
    out, cache = forward(given)
    backward(given, cache)
    return out, cache
