"""Calling an attention function or method over a cache."""

import re

import numpy as np

from .cache import Cache
from .held import Held, state_of
from .layouts import array_of, arrays_in, axes_of, laid_out, restored, split
from .naming import NotTestable, call, required, slot, slots
from .pieces import TRY, settings

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
MASKS = {
    "": None,
    "keep": lambda new, total: np.tri(new, total, total - new, dtype=bool),
    "hide": lambda new, total: ~np.tri(new, total, total - new, dtype=bool),
    "add": lambda new, total: np.where(np.tri(new, total, total - new) > 0, 0.0, -1e30),
}


class Weights(dict):
    """Four matrices under whatever names the output uses for them."""

    def __missing__(self, name):
        for known in (slot(str(name)), f"w_{str(name).lower()}"):
            if known in self:
                return self[known]
        raise KeyError(name)

    def __getattr__(self, name):
        return self[name]


def sizes_of(config):
    """Sizes that an output may keep beside its weights."""
    heads, width = config["num_heads"], config["num_heads"] * config["head_dim"]
    return {"num_heads": heads, "head_dim": config["head_dim"], "width": width}


class AttentionUse:
    """How to call one attention function or method over caches of one class.

    bare: leave its defaults alone. update: "self" if it appends the new keys and values, "before"
    or "after" if that is left to us. layout, lists: of what it is given. turned: weights used as
    x @ w.T. mask: the kind of mask it wants, and mask_many that for several tokens. many, causal:
    whether it takes several tokens, and lets none see a later one. steps: whether steps select as
    they should. prefill: another callable, that is given prompts in its stead.
    """

    def __init__(self, function, owner, cache_use, pieces):
        self.function, self.owner, self.cache_use, self.pieces = function, owner, cache_use, pieces
        self.slots = slots(function)
        self.name = function.__qualname__
        self.on_cache = owner is not None and issubclass(owner, cache_use.kind)
        self.go((False, "self", "btD", False, False, "", True))
        self.many = self.causal = self.steps = False
        self.mask_many, self.prefill = "", None
        self.owns = owner is not None and self._owns_cache()
        self.projects = (
            bool({"weights"} & self.slots)
            or {"w_q", "w_k", "w_v"} <= self.slots
            or (owner is not None and not self.on_cache and self._has_weights())
        )

    def go(self, way):
        """Take one of the ways to call it."""
        self.bare, self.update, self.layout, self.lists, self.turned, self.mask, self.totals = way
        self.out_layout = None

    def possible(self):
        """Whether its parameters name a query or hidden states, and something to attend over."""
        asks = bool({"q", "x"} & self.slots)
        over = (
            {"cache"} <= self.slots
            or {"k", "v"} <= self.slots
            or {"held_k", "held_v"} <= self.slots
        )
        return asks and (over or self.on_cache or (self.projects and self.owns))

    def _has_weights(self):
        try:
            return complete(weights_of(self.instance(TRY, np.float64)))
        except Exception:
            return False

    def _owns_cache(self):
        try:
            return own_cache(self.instance(TRY, np.float64), self.cache_use.kind) is not None
        except Exception:
            return False

    def instance(self, config, dtype, layer=0):
        """A fresh object whose method this is; None for a function."""
        if self.owner is None:
            return None
        known = {**settings(config, dtype), "causal": True, "layer": layer}
        eye = np.eye(known["width"], dtype=dtype)
        known |= dict.fromkeys(WEIGHTS, eye.tolist() if self.pieces.plain(self.owner) else eye)
        if "cache" in slots(self.owner):
            known["cache"] = Cache(self.cache_use, config, dtype).object(0)
        return call(self.owner, known, self.pieces)

    def attend(self, cache, layer, x, weights, lengths):
        """One layer: append the new tokens' keys and values and attend; x and result (B, T, D)."""
        new = np.full(x.shape[0], x.shape[1]) if lengths is None else np.asarray(lengths)
        heads = cache.config["num_heads"]
        if (new != x.shape[1]).any():
            if not (new == new[0]).all():
                return self._unequal(cache, layer, x, weights, new)
            y = np.zeros(x.shape)
            y[:, : new[0]] = self.attend(cache, layer, x[:, : new[0]], weights, None)
            return y
        if x.shape[1] > 1 and self.prefill and not cache.counts[layer].any():
            return self.prefill.attend(cache, layer, x, weights, lengths)
        if x.shape[1] > 1 and not self.many:
            raise NotTestable(f"{self.name} takes one token at a time")
        untold = self.stateless() and self.owner is None and not self.mask_many
        if x.shape[1] > 1 and untold and cache.counts[layer].any():
            raise NotTestable(f"{self.name} is not told which of the keys are new")
        if self.update == "before":
            cache.write(layer, split(x @ weights[1], heads), split(x @ weights[2], heads), None)
        if "b" in self.layout:
            y = self._call(cache, layer, x, weights, None)
        else:
            y = np.concatenate(
                [self._call(cache, layer, x, weights, row) for row in range(x.shape[0])]
            )
        if self.update == "after":
            cache.write(layer, split(x @ weights[1], heads), split(x @ weights[2], heads), None)
        elif self.update == "self":
            cache.counts[layer] += new
            cache.advance(layer, new)
        return y

    def _unequal(self, cache, layer, x, weights, new):
        """Rows with unlike numbers of new tokens."""
        y = np.zeros(x.shape)
        rows_apart = "b" not in self.layout
        if rows_apart and self.update == "self":
            for row, count in enumerate(new):
                size = count if self.many else 1
                for t in range(0, count, max(size, 1)):
                    y[row, t : t + size] = self._call(
                        cache, layer, x[:, t : t + size], weights, row
                    )[0]
                    cache.counts[layer, row] += size
            return y
        told = "new_lengths" in self.slots or ("lengths" in self.slots and not self.totals)
        if told and self.update == "self":
            y = self._call(cache, layer, x, weights, None, new)
            cache.counts[layer] += new
            cache.advance(layer, new)
            return y
        writes_rows = "b" not in self.cache_use.layout or {"lengths", "new_lengths"} & slots(
            getattr(self.cache_use.kind, self.cache_use.writer)
        )
        if self.update != "before" or not (writes_rows or rows_apart):
            raise NotTestable(f"{self.name} and its cache take one length for the whole batch")
        if "lengths" not in self.slots and self.stateless() and not rows_apart:
            raise NotTestable(f"{self.name} has no way to say that rows have lengths of their own")
        heads = cache.config["num_heads"]
        for t in range(int(new.max())):
            now, token = (new > t).astype(np.int64), x[:, t : t + 1]
            cache.write(
                layer, split(token @ weights[1], heads), split(token @ weights[2], heads), now
            )
            some = [r for r in range(len(new)) if now[r]]
            if rows_apart:
                for row in some:
                    y[row, t] = self._call(cache, layer, token, weights, row)[0, 0]
            else:
                y[some, t] = self._call(cache, layer, token, weights, None)[some, 0]
        return y

    def stateless(self):
        """Whether it is given keys and values, and neither takes nor owns a cache."""
        return "cache" not in self.slots and not self.owns and not self.on_cache

    def _call(self, cache, layer, x, weights, row, new=None):
        """Call it for all rows, or for one; hidden states (B or 1, T, D) come back."""
        function = self.function
        if self.owner is not None:
            function = getattr(self._object(cache, layer, row, weights), function.__name__)
        known = self._known(cache, layer, x, weights, row, new)
        result = call(function, known, self.pieces, self.bare)
        self._take_new_cache(cache, layer, row, result)
        batch, size, width = (x.shape[0] if row is None else 1), x.shape[1], x.shape[2]
        fitting = [a for a in arrays_in(result) if a.size == batch * size * width]
        if not fitting:
            raise NotTestable(f"{self.name} returns nothing of the size of its input")
        y = fitting[0]
        if self.projects:
            y = y.reshape(batch, size, width)
            joined = {"w_o", "weights"} & self.slots or self.owner is not None
            return y if joined else y @ weights[3]
        y = self._from_heads(y, cache.config).reshape(batch, size, width)
        return y @ weights[3]

    def _from_heads(self, y, config):
        """The heads' results as (B, T, H, d), by the layout found when trying."""
        if self.out_layout is None:
            self.out_layout = axes_of(y.shape) or self.layout
        y = restored(y, self.out_layout, config["num_heads"])
        y = y[None] if "b" not in self.out_layout else y
        return y.transpose(0, 2, 1, 3)

    def _object(self, cache, layer, row, weights):
        """The object of this cache, layer and row, with the weights put into it."""
        if self.on_cache:
            return cache.object(layer, row or 0)
        key = (self.owner, layer, row)
        owned = cache.__dict__.setdefault("owned", {})
        if key not in owned:
            config = cache.config if row is None else {**cache.config, "batch_size": 1}
            owned[key] = self.instance(config, np.float64, layer)
            inner = own_cache(owned[key], self.cache_use.kind)
            if inner is not None and "cache" not in self.slots and not self.cache_use.layered:
                cache.objects[layer][row or 0 if self.cache_use.per_row_objects else 0] = inner
        if self.projects:
            set_weights(owned[key], [w.T if self.turned else w for w in weights])
        return owned[key]

    def _known(self, cache, layer, x, weights, row, new):
        heads, total = cache.config["num_heads"], cache.counts[layer].copy()
        wrote = self.update == "before"
        after = total if wrote else total + (x.shape[1] if new is None else new)
        shaped = [w.T if self.turned else w for w in weights]
        if self.lists:
            shaped = [w.tolist() for w in shaped]
        matrices = dict(zip(WEIGHTS, shaped, strict=True))
        fresh = np.full(x.shape[0], x.shape[1]) if new is None else new
        reported = after if self.totals else fresh
        at = int((after if row is None else after[row : row + 1]).max()) - x.shape[1]
        known = {
            **settings(cache.config),
            **matrices,
            "weights": Weights(matrices | sizes_of(cache.config)),
            "layer": layer,
            "rows": cache.rows if row is None else [cache.rows[row]],
            "row": row if row is None else cache.rows[row],
            "cache": state_of(cache.object(layer, row or 0)),
            "caches": [state_of(rows[0]) for rows in cache.objects],
            "position": at,
            "positions": after - x.shape[1],
            "length": at + x.shape[1],
            "lengths": reported if row is None else reported[row],
            "new_lengths": fresh if row is None else fresh[row],
            "causal": True,
            "use_cache": True,
            "scale": 1 / np.sqrt(cache.config["head_dim"]),
        }
        option = self.mask_many if x.shape[1] > 1 else self.mask
        if option:
            known["mask"] = MASKS[option](x.shape[1], at + x.shape[1])
        elif "mask" in self.slots and required(self.function, "mask"):
            known["mask"] = None
        if self.projects:
            shape = laid_out(x.reshape(*x.shape[:2], 1, -1).transpose(0, 2, 1, 3), self.layout, row)
            inputs = dict.fromkeys(("x", "q", "k", "v"), shape)
        else:
            inputs = self._heads(cache, layer, x, weights, row, heads)
        if self.lists:
            inputs = {name: value.tolist() for name, value in inputs.items()}
        return known | inputs

    def _heads(self, cache, layer, x, weights, row, heads):
        """Queries, and either the new keys and values or, without a cache, all that are held."""
        parts = [split(x @ w, heads) for w in weights[:3]]
        q, k, v = (laid_out(part, self.layout, row) for part in parts)
        if not self.stateless():
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
            self.layout
            if "t" in self.layout
            else {"bhd": "bhtd", "hd": "htd", "bD": "btD", "D": "tD"}[self.layout]
        )
        keys, values = (laid_out(part, layout, row) for part in held)
        return {"q": q, "x": q, "k": keys, "v": values, "held_k": keys, "held_v": values}

    def _take_new_cache(self, cache, layer, row, result):
        """Keep the cache that a function in functional style returns."""
        for item in result if isinstance(result, tuple) else ():
            owner = cache.object(layer, row or 0)
            if isinstance(item, self.cache_use.kind):
                place = cache.objects[0 if self.cache_use.layered else layer]
                place[row or 0 if self.cache_use.per_row_objects else 0] = item
            elif isinstance(owner, Held) and isinstance(item, (dict, tuple)):
                owner.hold(item)


def own_cache(owner, kind):
    """The attribute of an object that is a cache of this class, or None."""
    if getattr(kind, "within", False):
        names = {slot(name.strip("_")) for name in vars(owner)}
        return kind(owner) if {"held_k", "held_v"} <= names or {"k", "v"} <= names else None
    return next((v for v in vars(owner).values() if isinstance(v, kind)), None)


def weights_of(owner, *, deep=True):
    """Slot -> (object, attribute) of an attention object's four weight matrices.

    deep: they may be in a dictionary, or an object of their own, among its attributes.
    """
    found = {}
    for name, value in items_of(owner):
        stands_for = slot(str(name).strip("_"))
        if stands_for not in WEIGHTS and isinstance(owner, dict):
            stands_for = f"w_{str(name).lower()}"
        if stands_for not in (*WEIGHTS, "w_qkv"):
            continue
        inner = next((n for n in ("weight", "W", "w") if hasattr(value, n)), None)
        found[stands_for] = (value, inner) if inner else (owner, name)
    if not found and deep:
        inside = [weights_of(value, deep=False) for _, value in items_of(owner)]
        return next((places for places in inside if complete(places)), {})
    return found


def complete(places):
    """Whether all four matrices were found, or the one of three and the last."""
    return set(WEIGHTS) <= set(places) or {"w_qkv", "w_o"} <= set(places)


def items_of(owner):
    """Names and values of a dictionary, or of an object's attributes."""
    return list((owner if isinstance(owner, dict) else getattr(owner, "__dict__", {})).items())


def set_weights(owner, weights):
    """Put four matrices into an attention object, biases beside them to zero."""
    places = weights_of(owner)
    matrices = dict(zip(WEIGHTS, weights, strict=True))
    if "w_qkv" in places:
        holder, name = places["w_qkv"]
        rows, columns = np.shape(dict(items_of(holder))[name])
        matrices = {"w_qkv": np.concatenate(weights[:3], axis=int(columns > rows)), **matrices}
    for slot_name, matrix in matrices.items():
        if slot_name not in places:
            continue
        holder, name = places[slot_name]
        old = dict(items_of(holder))[name]
        value = matrix.tolist() if isinstance(old, list) else matrix
        if isinstance(holder, dict):
            holder[name] = value
        else:
            object.__setattr__(holder, name, value)  # it may be a frozen data class
    for name, value in vars(owner).items():
        if re.match(r"^_?b(ias)?_?[qkvo]$", name.lower()) and array_of(value) is not None:
            setattr(owner, name, np.zeros_like(value))
