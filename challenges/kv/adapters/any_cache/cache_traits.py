"""What else there is to know of a cache class whose writer and reader are known.

Whether it takes several tokens at once, has to be told to advance, counts blocks for one layer or
for all, and what tells its length. All is found out by trying.
"""

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .held import ADVANCES
from .naming import parameters
from .pieces import ONE, TRY, methods
from .telling import length_names, told_by


def learn_traits(use):
    """Set the rest of what a CacheUse holds."""
    use.advancer = find_advancer(use)
    use.many = takes_many(use)
    use.shared_blocks = shares_blocks(use)
    use.length_name = find_length(use)
    use.totals = "lengths" in use.written() and not appends(use, totals=False)


def find_advancer(use):
    """The method without which a second token lands on the first, or "" if none is needed."""
    if "lengths" in use.written() or appends(use, totals=False):
        return ""
    names = [n for n, m in methods(use.kind) if ADVANCES.search(n) and len(parameters(m)) <= 1]
    for name in names:
        use.advancer = name
        if appends(use, totals=False):
            return name
    return ""


def appends(use, *, totals):
    """Whether a second token lands after the first when lengths mean new (or total) tokens."""
    use.totals = totals
    tokens = np.random.default_rng(5).standard_normal((2, 2, 3, 2, 5))
    try:
        cache = Cache(use, ONE, np.float64)
        for t in range(2):
            cache.write(0, *tokens[:, :, :, t : t + 1], None)
        return np.allclose(cache.read(0, 1)[0], tokens[0, 1], atol=0.2)
    except Exception:
        return False


def takes_many(use):
    """Whether the layout has a token axis and the writer accepts more than one token."""
    if "t" not in use.layout:
        return False
    use.many = True
    block = np.random.default_rng(1).standard_normal((2, 2, 3, 4, 5))
    try:
        cache = Cache(use, ONE, np.float64)
        cache.write(0, *block, None)
        return cache.read(0, 1)[0].shape == (3, 4, 5)
    except Exception:
        return False


def shares_blocks(use):
    """Whether as many blocks as one layer needs are enough to fill all layers."""
    if not use.layered or "num_blocks" not in use.constructor:
        return False
    use.shared_blocks = True
    token = np.ones((2, 2, 3, 1, 5))
    try:
        cache = Cache(use, TRY, np.float64)
        for _ in range(TRY["max_seq_len"]):
            for layer in range(TRY["num_layers"]):
                cache.write(layer, *token, None)
    except Exception:
        return False
    return True


def find_length(use):
    """The attribute or method that tells 0 before the first token and 1 after it, or ""."""
    token = np.ones((2, 2, 3, 1, 5))
    empty, cache = Cache(use, ONE, np.float64), Cache(use, ONE, np.float64)
    cache.write(0, *token, None)
    for name in length_names(cache.object(0)):
        use.length_name = name
        try:
            told = [
                (np.asarray(each.lengths()) == n).all() for n, each in enumerate((empty, cache))
            ]
        except NotTestable:
            continue
        if all(told):
            use.length_axis = axis_of_layers(use)
            return name
    return ""


def axis_of_layers(use):
    """The axis of what tells the length that is as long as there are layers: seven here."""
    owner = Cache(use, TRY, np.float64).object(0)
    found = told_by(owner, use.length_name, 0, use.pieces)
    shape = () if found is None or not use.layered else found.shape
    return shape.index(TRY["num_layers"]) if TRY["num_layers"] in shape else None
