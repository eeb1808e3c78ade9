"""The output's own target model, where it ships one."""

import inspect
import itertools

import numpy as np

from challenges.driving.parameters import is_needed

from .asking import ask
from .results import accepts, called
from .scripted_model import admits

SIZES = {
    "vocab": 48, "headdim": 16, "dmodel": 32, "hidden": 32, "emb": 32, "dim": 32, "width": 32,
    "head": 2, "layer": 2, "blocksize": 128, "block": 2, "max": 128, "len": 128, "ctx": 128,
    "context": 128, "ff": 64, "inter": 64, "mlp": 64, "seed": 0,
}  # fmt: skip
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
        depth = []
        for parent in parents:
            depth.append(0 if parent < 0 else depth[parent] + 1)
        arguments = {"mask": mask}
        if accepts(self.forward, "pos"):
            arguments["pos"] = np.array([*range(len(context)), *(len(context) + d for d in depth)])
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


def classes(module):
    """Classes that the output's module defines or imports from its siblings."""
    own = [value for value in vars(module).values() if inspect.isclass(value)]
    return [c for c in own if c.__module__.partition(".")[0] == module.__name__.partition(".")[0]]


def callable_in(cls, name):
    """Whether the class or one of its own bases defines this method."""
    return any(name in vars(base) for base in cls.__mro__ if base is not object)


def sizes(cls, module):
    """Arguments for a small model, or None where a parameter without default is unknown."""
    chosen = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if not is_needed(parameter):
            continue
        size = next((v for k, v in SIZES.items() if k in name.lower().replace("_", "")), None)
        if "rng" in name:
            size = np.random.default_rng(0)
        elif "config" in name.lower() or "cfg" in name.lower():
            configs = [c for c in classes(module) if "config" in c.__name__.lower()]
            size = configs[0](**(sizes(configs[0], module) or {})) if configs else None
        if size is None:
            return None
        chosen[name] = size
    return chosen


def own_model(entry):
    """(model, None), or (None, what to report instead)."""
    if not entry.has("build_tree_mask"):
        return None, {"not_testable": "no build_tree_mask was found"}
    own = OwnModel(entry)
    return (own, None) if own.model else (None, {"not_testable": "no model class was found"})


def own_logits(entry, call):
    """Logits of every node of a tree, and of the same path on its own, (n, V) each."""
    own, instead = own_model(entry)
    if instead:
        return instead
    width, parents = own.width(), call["parents"]
    prompt, tokens = ([t % width for t in call[name]] for name in ("prompt", "tokens"))
    together = own.logits(prompt, tokens, parents)[len(prompt) :]
    alone = [own.alone(prompt + path_tokens(tokens, parents, i)) for i in range(len(tokens))]
    return {"tree": together, "alone": np.array(alone)}


def path_tokens(tokens, parents, node):
    """The tokens from a root to this node."""
    found = []
    while node >= 0:
        found.insert(0, tokens[node])
        node = parents[node]
    return found


def own_generation(entry, call):
    """Generate with the output's own model and trees of a given shape; its greedy tokens beside."""
    own, instead = own_model(entry)
    if instead:
        return instead
    width = own.width()
    kept, start = [t % width for t in call["prompt"]], len(call["prompt"])
    truth = []
    for _ in range(call["count"] + 6):
        truth.append(own.greedy(kept + truth))
    while len(kept) - start < call["count"]:
        at = len(kept) - start
        parents, picks = call["trees"][at]
        tokens = drafted(truth[at:], parents, picks, width)
        new = ask(entry, own.model, list(kept), tokens, list(parents), 0.0)
        kept += new or [own.greedy(kept)]
        if kept[start:] != truth[: len(kept) - start]:
            break
    return {"new": kept[start:], "greedy": truth[: len(kept) - start]}


def drafted(truth, parents, picks, width):
    """Tokens for a tree's shape: pick 0 is the true token at that depth, others are not true.

    In a vocabulary so small that all its tokens are soon true somewhere, others may be true at
    another depth.
    """
    others = [token for token in range(width) if token not in truth[:6]]
    depth = []
    for parent in parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    return [
        truth[d] if p == 0 else others[p % len(others)] if others else (truth[d] + 1) % width
        for d, p in zip(depth, picks, strict=True)
    ]
