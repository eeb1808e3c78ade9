"""The output's own target model, where it ships one: asked about trees under its own mask."""

import inspect
import itertools

import numpy as np

from .building import callable_in, classes, sizes
from .results import accepts, called
from .scripted_model import admits

AXES = ((0, 0), (1, 0), (1, 1), (1, 2))  # leading ones of the tokens and of the mask
PROBES = ([1, 2, 1, 2], [1, 2, 3, 2], [1, 3, 1, 2])  # as they are; hidden or seen token replaced


def admitted(mask):
    """A mask as booleans, True where a row may attend."""
    mask = np.asarray(mask)
    return admits(mask, mask.shape[-1] - mask.shape[-2])


def as_it_is(mask):
    """What the output's own function for masks returns."""
    return mask


def additive(mask):
    """A mask as 0 where a row may attend, and a large negative number elsewhere."""
    return np.where(admitted(mask), 0.0, -1e9)


MASKS = (as_it_is, additive, admitted)  # what the output's model may have to be given


class OwnModel:
    """The first class of the output that can be built and takes a mask; without, model is None."""

    def __init__(self, entry):
        self.entry, self.model, self.way = entry, None, None
        for cls in classes(entry.module):
            forward = next(
                (f for f in ("forward", "__call__", "get_logits") if callable_in(cls, f)), None
            )
            fits = forward and accepts(getattr(cls, forward), "mask")
            chosen = sizes(cls, entry.module) if fits else None
            if chosen is None or inspect.isabstract(cls):
                continue
            self.model = cls(**chosen)
            self.forward = getattr(self.model, forward)
            return

    def logits(self, context, tokens, parents):
        """Logits (n, V) for a context followed by a tree, under the output's own mask."""
        lists = {"tree_parents": list(parents)}
        mask = called(self.entry.build_tree_mask, lists, {"prompt_len": len(context)})
        arguments = {"mask": mask}
        if accepts(self.forward, "pos"):
            below = [len(context) + depth for depth in depths(parents)]
            arguments["pos"] = np.array([*range(len(context)), *below])
        ids = np.array([*context, *tokens], dtype=np.int64)
        named = {self.named(k): value for k, value in arguments.items()}
        if self.way is None:
            self.way = self.learnt()
        return self.asked(ids, named, self.way)

    def asked(self, ids, named, way):
        """Logits (n, V) where the mask is given in a form, it and the tokens with leading axes."""
        turned, axes = way
        masks = {self.named("mask"): leading(turned(named[self.named("mask")]), axes[1])}
        made = self.forward(leading(ids, axes[0]), **{**named, **masks})
        made = made[0] if isinstance(made, tuple) else made
        return np.asarray(made, dtype=np.float64).reshape(len(ids), -1)

    def learnt(self):
        """The way under which a token that the mask hides has no influence and others have.

        Failing that, the first under which the model can be asked at all.
        """
        usable = []
        for way in itertools.product(MASKS, AXES):
            try:
                first, hidden, seen = (self._probed(ids, way) for ids in PROBES)
            except Exception:  # noqa: BLE001, S112 - it may do anything with what it isn't made for
                continue
            usable.append(way)
            if np.allclose(first, hidden) and not np.allclose(first, seen):
                return way
        return usable[0] if usable else (MASKS[0], AXES[0])

    def _probed(self, ids, way):
        """The logits of the second of two sibling nodes after a prompt of two tokens."""
        mask = called(self.entry.build_tree_mask, {"tree_parents": [-1, -1]}, {"prompt_len": 2})
        named = {self.named("mask"): mask}
        if accepts(self.forward, "pos"):
            named[self.named("pos")] = np.array([0, 1, 2, 2])
        return self.asked(np.array(ids), named, way)[3]

    def named(self, kind):
        """The name of the model's own parameter for the mask or the positions."""
        return next(p for p in inspect.signature(self.forward).parameters if kind in p)

    def alone(self, sequence):
        """Logits of the last position of a sequence: its tokens after the first as a chain."""
        return self.logits(sequence[:1], sequence[1:], list(range(-1, len(sequence) - 2)))[-1]

    def width(self):
        """The size of its vocabulary, which may be small: found by asking about token 0."""
        return len(self.alone([0]))

    def greedy(self, sequence):
        """The next token after a sequence."""
        return int(np.argmax(self.alone(sequence)))


def leading(value, count):
    """An array with leading axes of one."""
    return value if count == 0 else np.asarray(value)[(None,) * count]


def depths(parents):
    """How far each node of a tree is below its root."""
    found = []
    for parent in parents:
        found.append(0 if parent < 0 else found[parent] + 1)
    return found
