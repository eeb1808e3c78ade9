"""How one class of caches is used."""

import re

from challenges.driving.refusing import NotTestable

from .naming import parameters, slot, slots
from .pieces import TRY, methods, settings

WRITES = re.compile(r"^_?(update|append|write|add|put|store|push|insert|extend|set|cache)")


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

    def as_within(self):
        """For keys and values inside attention objects, which nothing but attention writes."""
        self.writer, self.layout, self.reader, self.length_name = "append", "bhtd", "attributes", ""
        self.padded = self.many = True
        return self

    def written(self):
        """The slots of its writer's parameters."""
        return slots(getattr(self.kind, self.writer))


def writers(kind):
    """The names of a class's methods that write keys and values."""
    return [n for n, m in methods(kind) if WRITES.search(n) and {"k", "v"} <= slots(m)]


def lossy(kind):
    """Whether a cache stores fewer bits than it is given, by its name."""
    return bool(re.search("quant|int8|int4|8bit|compress", kind.__name__.lower()))
