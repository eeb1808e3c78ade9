"""What attention is given, by slot: inputs, weights, the cache, places and lengths, masks."""

import numpy as np

from .held import state_of
from .layouts import laid_out, split
from .naming import required
from .pieces import settings
from .weights import WEIGHTS, Weights

MASKS = {
    "": None,
    "keep": lambda new, total: np.tri(new, total, total - new, dtype=bool),
    "hide": lambda new, total: ~np.tri(new, total, total - new, dtype=bool),
    "add": lambda new, total: np.where(np.tri(new, total, total - new) > 0, 0.0, -1e30),
}


def known_to(use, cache, layer, x, weights, row, new):
    """Everything that a call may be given: of all rows, or of one; `new` tokens in each of them."""
    fresh = np.full(x.shape[0], x.shape[1]) if new is None else new
    known = {
        **settings(cache.config),
        **matrices(use, cache, weights),
        **places(use, cache, layer, row, x.shape[1], fresh),
        "cache": state_of(cache.object(layer, row or 0)),
        "caches": [state_of(rows[0]) for rows in cache.objects],
        "causal": True,
        "use_cache": True,
        "scale": 1 / np.sqrt(cache.config["head_dim"]),
    }
    option = use.mask_many if x.shape[1] > 1 else use.mask
    if option:
        known["mask"] = MASKS[option](x.shape[1], known["length"])
    elif "mask" in use.slots and required(use.function, "mask"):
        known["mask"] = None
    return known | inputs(use, cache, layer, x, weights, row)


def matrices(use, cache, weights):
    """The four weight matrices, one by one and together."""
    shaped = [w.T if use.turned else w for w in weights]
    if use.lists:
        shaped = [w.tolist() for w in shaped]
    named = dict(zip(WEIGHTS, shaped, strict=True))
    config = cache.config
    heads, width = config["num_heads"], config["num_heads"] * config["head_dim"]
    sizes = {"num_heads": heads, "head_dim": config["head_dim"], "width": width}
    return {**named, "weights": Weights(named | sizes)}


def places(use, cache, layer, row, size, fresh):
    """Which layer and rows, where the new tokens go, and how many there are then."""
    total = cache.counts[layer].copy()
    after = total if use.update == "before" else total + fresh
    reported = after if use.totals else fresh
    at = int((after if row is None else after[row : row + 1]).max()) - size
    return {
        "layer": layer,
        "rows": cache.rows if row is None else [cache.rows[row]],
        "row": row if row is None else cache.rows[row],
        "position": at,
        "positions": after - size,
        "length": at + size,
        "lengths": reported if row is None else reported[row],
        "new_lengths": fresh if row is None else fresh[row],
    }


def inputs(use, cache, layer, x, weights, row):
    """Hidden states where it projects them itself, else heads."""
    if use.projects:
        shape = laid_out(x.reshape(*x.shape[:2], 1, -1).transpose(0, 2, 1, 3), use.layout, row)
        given = dict.fromkeys(("x", "q", "k", "v"), shape)
    else:
        given = heads_of(use, cache, layer, x, weights, row)
    return {name: value.tolist() for name, value in given.items()} if use.lists else given


def heads_of(use, cache, layer, x, weights, row):
    """Queries, and either the new keys and values or, without a cache, all that are held."""
    heads = cache.config["num_heads"]
    parts = [split(x @ w, heads) for w in weights[:3]]
    q, k, v = (laid_out(part, use.layout, row) for part in parts)
    if not use.stateless():
        return {"q": q, "x": q, "k": k, "v": v}
    rows = range(x.shape[0])
    pairs = [cache.read(layer, r) for r in rows]
    longest = max(part.shape[1] for pair in pairs for part in pair)
    held = np.zeros((2, x.shape[0], heads, longest, x.shape[2] // heads))
    for r, pair in enumerate(pairs):
        for i, part in enumerate(pair):
            held[i, r, :, : part.shape[1]] = part
    if row is not None:
        held = held[:, :, :, : int(cache.counts[layer, row])]
    layout = (
        use.layout
        if "t" in use.layout
        else {"bhd": "bhtd", "hd": "htd", "bD": "btD", "D": "tD"}[use.layout]
    )
    keys, values = (laid_out(part, layout, row) for part in held)
    return {"q": q, "x": q, "k": keys, "v": values, "held_k": keys, "held_v": values}
