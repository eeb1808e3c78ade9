"""Finding out how attention is called: one token is its own answer, for its softmax has one term.

That, and that a query which fits one key returns its value, is all that is assumed of an answer.
"""

import itertools
import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .arguments import MASKS
from .cache import Cache
from .layouts import LAYOUTS, ROW_LAYOUTS, split
from .pieces import ONE, methods
from .weights import WEIGHTS

EXTRAS = re.compile(r"rope|rotary|rotate|alibi|freqs|q_?norm|k_?norm|rel_?pos")


def calibrate(attention):
    """Find a way to call it that gives right answers where they are plain. Raises NotTestable."""
    draw = np.random.default_rng(2)
    x = draw.standard_normal((2, 1, 15)) + 0.5
    weights = [draw.standard_normal((15, 15)) for _ in WEIGHTS]
    usable = None
    for way in ways(attention):
        attention.go(way)
        if not works(attention, x, weights):
            continue
        attention.steps = selects(attention)
        if attention.steps:
            break
        # It took our weights and cached the right token, so it is called as it is meant to be.
        if attention.projects and attention.update == "self":
            usable = usable or way
    else:
        if adds_to_plain(attention):
            raise NotTestable(
                f"{attention.name} does more than plain attention: rotary or the like"
            )
        if not usable:
            raise NotTestable(f"{attention.name}: no way to call it gives one token its own value")
        attention.go(usable)
        works(attention, x, weights)
    calibrate_many(attention, draw, weights)
    return attention


def adds_to_plain(attention):
    """Whether its code speaks of positions or norms inside attention, which ours has not."""
    codes = [attention.function]
    if attention.owner is not None:
        codes += [m for _, m in methods(attention.owner)]
    todo = [f.__code__ for f in codes if hasattr(f, "__code__")]
    while todo:
        code = todo.pop()
        todo += [inner for inner in code.co_consts if hasattr(inner, "co_names")]
        if any(EXTRAS.search(name.lower()) for name in code.co_names):
            return True
    return False


def ways(attention):
    """Every way to call it, as values of (bare, update, layout, lists, turned, mask, totals)."""
    plain = attention.pieces.plain(attention.owner or attention.function)
    return itertools.product(
        (False, True),
        ("self", "before", "after"),
        ("btD", "bD", "tD", "D") if attention.projects else (*LAYOUTS, *ROW_LAYOUTS),
        (True, False) if plain else (False, True),
        (False, True) if attention.projects else (False,),
        MASKS if "mask" in attention.slots else ("",),
        totals(attention),
    )


def totals(attention):
    """Whether the lengths it takes include what is cached.

    Where both give right answers they are of new tokens alone: a mask by those would hide the rest.
    """
    if "lengths" not in attention.slots or attention.stateless():
        return (True,)
    return (False, True)


def works(attention, x, weights):
    """Whether one token gets its own value, and is then held once, with its key and value."""
    try:
        cache = Cache(attention.cache_use, ONE, np.float64)
        y = attention.attend(cache, 0, x, weights, None)
        if y.shape != x.shape or not near(y, x @ weights[2] @ weights[3]):
            return False
        if attention.update != "self":
            return counted_once(cache)
        kept = [split(x @ w, 3) for w in weights[1:3]]
        held = [cache.read(0, row) for row in range(2)]
        return all(near(held[row][part], kept[part][row]) for row in range(2) for part in range(2))
    except Exception:
        return False


def counted_once(cache):
    """Whether the cache reports one token in every row, where it reports anything."""
    try:
        return bool((np.asarray(cache.lengths()) == 1).all())
    except NotTestable:
        return True


def selects(attention):
    """Whether a query that fits one key only, a different one in each head, returns its value.

    Tells apart layouts that one token cannot.
    """
    draw = np.random.default_rng(4)
    x = draw.standard_normal((2, 3, 15))
    x[:, :, :3] = np.eye(3)
    w_q, w_k = np.zeros((2, 15, 15))
    w_q[:3, ::5] = w_k[[0, 1, 2], [0, 5, 10]] = 100.0
    w_v, w_o = draw.standard_normal((2, 15, 15))
    v = x @ w_v
    wanted = np.concatenate([v[:, h, 5 * h : 5 * h + 5] for h in range(3)], axis=1) @ w_o
    try:
        cache = Cache(attention.cache_use, ONE, np.float64)
        steps = [x[:, t : t + 1] for t in range(3)]
        y = [attention.attend(cache, 0, step, (w_q, w_k, w_v, w_o), None) for step in steps]
        return near(y[-1][:, 0], wanted)
    except Exception:
        return False


def calibrate_many(attention, draw, weights):
    """Whether several tokens can be given at once, and with which mask the first sees itself."""
    if "t" not in attention.layout:
        return
    x = draw.standard_normal((2, 4, 15))
    first, attention.many = (x @ weights[2] @ weights[3])[:, 0], True
    found = []
    for mask in MASKS if "mask" in attention.slots else [""]:
        attention.mask_many = mask
        try:
            y = attention.attend(Cache(attention.cache_use, ONE, np.float64), 0, x, weights, None)
        except Exception:
            continue
        if y.shape == x.shape:
            found.append((not near(y[:, 0], first), mask))
    sees_later, attention.mask_many = min(found, key=lambda pair: pair[0], default=(True, ""))
    attention.many, attention.causal = bool(found), not sees_later


def near(a, b):
    """Equal to the accuracy of float32 with room to spare."""
    return np.allclose(a, b, rtol=1e-3, atol=1e-3)
