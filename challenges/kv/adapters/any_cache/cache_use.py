"""Finding out how a cache class is written to and read."""

import contextlib
import copy
import itertools
import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .cache import Cache
from .held import ADVANCES, classes_of_functions
from .layouts import HEAD_LAYOUTS, LAYOUTS, ROW_LAYOUTS, axes_of
from .naming import indexes, parameters, slot, slots
from .pieces import ONE, TRY, methods, settings
from .telling import length_names, told_by

WRITES = re.compile(r"^_?(update|append|write|add|put|store|push|insert|extend|set|cache)")
FORGETS = re.compile("window|sliding|ring|rolling|circular|evict|prefix|offload|stream")
READS = re.compile(r"^_?(get|read|fetch|gather|view|retrieve|lookup|full|dequant|slice|as_|load)")
BY_NAME = re.compile(r"^_?(keys?|values?|k|v)(_?(at|of|for))?$")


class CacheUse:
    """How to use one cache class: which method writes and reads, in which layout, per row or not.

    lists: it is given lists. bare: its defaults are left alone. layered: one object for all layers,
    as its writer is told which; a configuration may count layers for the model's sake alone.
    padded: it reads back its whole capacity. many: it takes several tokens. totals: the lengths it
    takes include what is cached. exact: 1 if a token's keys and values came back, half if one
    of the two did, which is a fault but no misunderstanding.
    narrow: float32 is stored where float64 was asked for. advancer: the method, if any, that has to
    be called when every layer has the new tokens. shared_blocks: a block of it serves all layers.
    dim_of_head: what it calls a dimension beside its heads is that of one head. length_axis:
    the axis of layers in what tells the length, None where it speaks of one layer.
    """

    def __init__(self, kind, pieces):
        self.kind, self.pieces = kind, pieces
        self.constructor = slots(kind) | self._config_slots()
        self.layered = False
        self.writer = self.layout = self.reader = self.read_layout = None
        self.lists = self.per_row_objects = self.padded = False
        self.many = self.bare = self.totals = False
        self.length_name, self.exact, self.narrow = None, -1.0, False
        self.advancer, self.shared_blocks, self.dim_of_head = "", False, False
        self.length_axis = None

    def _config_slots(self):
        """Slots of the configuration object that the constructor takes, if any."""
        for parameter in parameters(self.kind).values():
            if slot(parameter.name) == "config":
                try:
                    known = settings(TRY)
                    return slots(type(self.pieces.config(parameter, known)))
                except NotTestable:
                    pass
        return set()

    def calibrate(self):
        """Find a way to write one token and read it back; the way that returns it exactly wins."""
        token = np.random.default_rng(0).standard_normal((2, 2, 3, 1, 5)) + 3.0
        writers = [n for n, m in methods(self.kind) if WRITES.search(n) and {"k", "v"} <= slots(m)]
        meant = (False, True) if {"width", "num_heads"} <= self.constructor else (False,)
        for dim_of_head, writer in itertools.product(meant, writers):
            if self.exact >= 1.0:
                break
            self.layered = "layer" in indexes(getattr(self.kind, writer))
            for option in self._options(writer):
                self._try((*option, dim_of_head), token)
                if self.exact >= 1.0:
                    break
        if self.writer is None or (self.exact == 0.0 and not lossy(self.kind)):
            raise NotTestable(f"{self.kind.__name__}: no way to write a token and read it back")
        self.advancer = self._find_advancer()
        self.many = self._takes_many()
        self.shared_blocks = self._shares_blocks()
        self.length_name = self._find_length()
        told = "lengths" in slots(getattr(self.kind, self.writer))
        self.totals = told and not self._appends(totals=False)
        return self

    def as_within(self):
        """For keys and values inside attention objects, which nothing but attention writes."""
        self.writer, self.layout, self.reader, self.length_name = "append", "bhtd", "attributes", ""
        self.padded = self.many = True
        return self

    def _find_length(self):
        """The attribute or method that tells 0 before the first token and 1 after it, or ""."""
        token = np.ones((2, 2, 3, 1, 5))
        empty, cache = Cache(self, ONE, np.float64), Cache(self, ONE, np.float64)
        cache.write(0, *token, None)
        for self.length_name in length_names(cache.object(0)):
            try:
                told = [
                    (np.asarray(each.lengths()) == n).all() for n, each in enumerate((empty, cache))
                ]
            except NotTestable:
                continue
            if all(told):
                self.length_axis = self._axis_of_layers()
                return self.length_name
        return ""

    def _axis_of_layers(self):
        """The axis of what tells the length that is as long as there are layers: seven here."""
        owner = Cache(self, TRY, np.float64).object(0)
        found = told_by(owner, self.length_name, 0, self.pieces)
        shape = () if found is None or not self.layered else found.shape
        return shape.index(TRY["num_layers"]) if TRY["num_layers"] in shape else None

    def _shares_blocks(self):
        """Whether as many blocks as one layer needs are enough to fill all layers."""
        if not self.layered or "num_blocks" not in self.constructor:
            return False
        self.shared_blocks = True
        token = np.ones((2, 2, 3, 1, 5))
        try:
            cache = Cache(self, TRY, np.float64)
            for _ in range(TRY["max_seq_len"]):
                for layer in range(TRY["num_layers"]):
                    cache.write(layer, *token, None)
        except Exception:
            return False
        return True

    def _find_advancer(self):
        """The method without which a second token lands on the first, or "" if none is needed."""
        told = "lengths" in slots(getattr(self.kind, self.writer))
        if told or self._appends(totals=False):
            return ""
        names = [n for n, m in methods(self.kind) if ADVANCES.search(n) and len(parameters(m)) <= 1]
        for self.advancer in names:
            if self._appends(totals=False):
                return self.advancer
        return ""

    def _appends(self, *, totals):
        """Whether a second token lands after the first when lengths mean new (or total) tokens."""
        self.totals = totals
        tokens = np.random.default_rng(5).standard_normal((2, 2, 3, 2, 5))
        try:
            cache = Cache(self, ONE, np.float64)
            for t in range(2):
                cache.write(0, *tokens[:, :, :, t : t + 1], None)
            return np.allclose(cache.read(0, 1)[0], tokens[0, 1], atol=0.2)
        except Exception:
            return False

    def _options(self, writer):
        taken = indexes(getattr(self.kind, writer))
        forms = [(LAYOUTS, False)]
        if "head" in taken:
            forms = [(HEAD_LAYOUTS, "row" not in taken and "batch_size" not in self.constructor)]
        elif "row" in taken:
            forms.insert(0, (ROW_LAYOUTS, False))
        elif "batch_size" not in self.constructor:
            forms.append((ROW_LAYOUTS, True))
        for bare in (False, True):
            for layouts, per_row in forms:
                for layout in layouts:
                    for lists in (True, False) if self.pieces.plain(self.kind) else (False, True):
                        yield writer, layout, lists, per_row, bare

    def _try(self, option, token):
        """Write one token and read it back in every way; keep the way that is nearest to exact.

        Some caches count a token once its first layer has it, others once the last layer has.
        """
        for reader in [*self._readers(), None]:
            for layers in (1, TRY["num_layers"]) if self.layered else (1,):
                way = copy.copy(self)
                way.writer, way.layout, way.lists, way.per_row_objects, way.bare = option[:5]
                way.dim_of_head = option[5]
                way.reader, way.read_layout, way.padded = reader, None, False
                with contextlib.suppress(Exception):  # a way that fails is not the way
                    way.exact, way.narrow = round_trip(way, token, layers)
                    if way.exact > self.exact:
                        self.__dict__.update(vars(way))

    def _readers(self):
        """Methods that return both, pairs of methods and pairs of attributes, in this order."""
        names = [
            n
            for n, m in methods(self.kind)
            if (READS.search(n) and not WRITES.search(n)) or BY_NAME.search(n)
        ]
        pairs = [(k, v) for k in names for v in names if pairs_up(k, v)]
        yield from (n for n in names if not any(n in pair for pair in pairs))
        yield from pairs
        yield "attributes"

    def _takes_many(self):
        """Whether the layout has a token axis and the writer accepts more than one token."""
        if "t" not in self.layout:
            return False
        self.many = True
        block = np.random.default_rng(1).standard_normal((2, 2, 3, 4, 5))
        try:
            cache = Cache(self, ONE, np.float64)
            cache.write(0, *block, None)
            return cache.read(0, 1)[0].shape == (3, 4, 5)
        except Exception:
            return False


def round_trip(use, token, layers):
    """How much of a token comes back (see CacheUse.exact), and whether as float32.

    token: keys and values, (2, B, H, 1, d). Finds the layout in which it is read on the way.
    """
    cache = Cache(use, TRY, np.float64)
    for layer in range(layers):
        cache.write(layer, *token, None)
    raw = cache.raw_read(0, 0)
    shape = np.shape(raw[0])
    use.read_layout = axes_of(shape)
    if use.read_layout is None or np.shape(raw[1]) != shape:
        raise NotTestable("what is read back is not laid out as keys and values are")
    use.padded = "t" in use.read_layout and shape[use.read_layout.index("t")] != 1
    held = [cache.read(0, row) for row in range(2)]
    narrow = all(part.dtype == np.float32 for pair in held for part in pair)
    same = np.isclose(np.array(held).swapaxes(0, 1), token, atol=0.2)
    return float(same.all(axis=(1, 2, 3, 4)).mean()), narrow


def lossy(kind):
    """Whether a cache stores fewer bits than it is given, by its name."""
    return bool(re.search("quant|int8|int4|8bit|compress", kind.__name__.lower()))


def pairs_up(k, v):
    """Whether two names differ only in key against value."""
    swapped = re.sub("keys", "values", k) if "keys" in k else re.sub("key", "value", k)
    return k != v and (swapped == v or re.sub(r"(^|_)k(_|$)", r"\1v\2", k) == v)


def cache_uses(pieces):
    """Kind of cache (plain, paged, quantised) -> its use, the likeliest class of each kind."""
    found, reasons = {}, []
    named = sorted(
        pieces.classes.items(), key=lambda item: ("cache" not in item[0].lower(), len(item[0]))
    )
    for name, kind in [*named, *classes_of_functions(pieces)]:
        low = name.lower()
        if FORGETS.search(low):
            continue
        sort = "paged" if re.search("page|block", low) else "quantised" if lossy(kind) else "plain"
        if getattr(kind, "within", False):
            found.setdefault("plain", CacheUse(kind, pieces).as_within())
        if sort in found or not any(
            WRITES.search(n) and {"k", "v"} <= slots(m) for n, m in methods(kind)
        ):
            continue
        try:
            found[sort] = CacheUse(kind, pieces).calibrate()
        except NotTestable as reason:
            reasons.append(str(reason))
        except Exception as error:  # a class that cannot even be made by its own constructor
            reasons.append(f"{name}: {type(error).__name__}: {error}")
    return found, "; ".join(reasons)
