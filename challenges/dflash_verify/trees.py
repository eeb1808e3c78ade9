"""Draft trees for the cases, drawn so that the mistakes known to be made would show.

Parent only: a tree is drawn against the scripted target, so that right tokens, wrong ones and
tempting ones (the true next token, in the wrong branch) stand where they hurt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from challenges.dflash_verify.reference import greedy, next_token, path
from challenges.kit import rng

Call = dict[str, Any]
Target = Mapping[str, Any]
NOISE_ROWS = 8


class Draft:
    """A tree of drafted tokens that grows node by node after a context; -1 stands for the context.

    truth: the target's greedy continuation, two tokens longer than any path that is to be drawn.
    """

    def __init__(
        self, target: Target, context: Sequence[int], r: np.random.Generator, truth: list[int]
    ):
        self.target, self.context, self.r, self.truth = target, list(context), r, truth
        self.tokens: list[int] = []
        self.parents: list[int] = []

    def add(self, parent: int, token: int) -> int:
        """Add a node, and return its index."""
        self.tokens.append(int(token))
        self.parents.append(parent)
        return len(self.tokens) - 1

    def best(self, node: int) -> int:
        """The target's greedy token after the path to this node."""
        drafted = [self.tokens[i] for i in path(self.parents, node)]
        return next_token(self.target, self.context + drafted)

    def right(self, parent: int = -1) -> int:
        """Add the target's greedy token after `parent`."""
        return self.add(parent, self.best(parent))

    def chain(self, length: int, parent: int = -1) -> int:
        """Add `length` right nodes, one below the other; returns the last."""
        for _ in range(length):
            parent = self.right(parent)
        return parent

    def wrong(self, parent: int = -1, *, avoid: Sequence[int] = ()) -> int:
        """Add a token that is not right, nor (if possible) in `avoid` or among its siblings."""
        taken = {self.best(parent), *avoid, *self.siblings(parent)}
        vocabulary = self.target["noise"].shape[1]
        drawn = self.r.integers(vocabulary, size=50).tolist()
        any_other = (self.best(parent) + 1) % vocabulary
        return self.add(parent, next((token for token in drawn if token not in taken), any_other))

    def siblings(self, parent: int) -> list[int]:
        """The tokens of the children of `parent`."""
        return [t for t, p in zip(self.tokens, self.parents, strict=True) if p == parent]

    def tempting(self, parent: int) -> int | None:
        """Add a token of the true continuation where it is wrong; None if there is none to add."""
        taken = {self.best(parent), *self.siblings(parent)}
        fitting = [t for t in self.truth if t not in taken]
        return self.add(parent, int(self.r.choice(fitting))) if fitting else None

    def trap(self, length: int, above: int) -> bool:
        """A right chain, then a side branch that holds the true next token and continues rightly.

        The side branch hangs `above` levels over the chain's end, so its first node is wrong.
        Taking nodes in order by the row before them accepts it and its child; taking them by the
        parent's row finds a mismatch whose correction repeats a token. False, and nothing added,
        where the drawn target does not allow it.
        """
        truth = self.truth
        level = length - above
        side = self.context + truth[:level] + [truth[length]]
        if truth[length] == truth[level] or next_token(self.target, side) == truth[length + 1]:
            return False
        self.chain(length)
        self.right(self.add(level - 1, truth[length]))
        return True


def trapped(draft: Draft, lengths: Sequence[int]) -> bool:
    """Put a trap into an empty draft, of one of these lengths; False where none can be had."""
    options = [(n, above) for n in lengths for above in range(1, n + 1)]
    return any(draft.trap(*options[i]) for i in draft.r.permutation(len(options)))


def grow(draft: Draft, nodes: int, *, distinct: bool, tempt: bool, roots: float = 0.15) -> None:
    """Add random nodes: below the last one, below any, or as roots; right, tempting or wrong.

    Without `tempt`, no wrong node, and nothing below it, holds a token of the true continuation.
    """
    r = draft.r
    for _ in range(nodes):
        last = len(draft.tokens) - 1
        draw = r.random()
        parent = -1 if draw < roots else last if draw < 0.6 else int(r.integers(-1, last + 1))
        kind = r.random()
        if kind < 0.5 and may_be_right(draft, parent, distinct, tempt):
            draft.right(parent)
        elif not (tempt and kind < 0.75 and draft.tempting(parent) is not None):
            draft.wrong(parent, avoid=() if tempt else draft.truth)


def may_be_right(draft: Draft, parent: int, distinct: bool, tempt: bool) -> bool:
    """Whether the right child of this node may be added (again)."""
    best = draft.best(parent)
    if distinct and best in draft.siblings(parent):
        return False
    drafted = [draft.tokens[i] for i in path(draft.parents, parent)]
    return tempt or drafted == draft.truth[: len(drafted)] or best not in draft.truth


def target(r: np.random.Generator, vocabulary: int) -> Call:
    """The arrays and numbers that make a scripted target model; drive.py says what they mean."""
    noise = r.uniform(-1, 1, size=(NOISE_ROWS, vocabulary))
    return {"noise": noise, "salt": int(r.integers(2**31)), "scale": 1.0, "offset": 0.0}


def drafts(
    seed: int,
    name: str,
    vocabulary: int,
    prompt_len: int = 5,
    depth: int = 8,
    wanted: Callable[[list[int]], bool] = lambda _: True,
) -> Draft:
    """An empty draft after a random prompt, such that a trap of length one can be set.

    wanted: what the true continuation must be like besides.
    """
    r = rng(seed, name)
    model, prompt = target(r, vocabulary), r.integers(vocabulary, size=prompt_len).tolist()
    while True:
        truth = greedy(model, prompt, depth)
        fits = len({*truth[:4]}) == 4 and wanted(truth)
        if fits and Draft(model, prompt, r, truth).trap(1, 1):
            return Draft(model, prompt, r, truth)
        model = {**model, "salt": model["salt"] + 1}


def call_of(draft: Draft, **more: Any) -> Call:
    """A call that verifies a draft."""
    tree = {"tokens": list(draft.tokens), "parents": list(draft.parents), "temperature": 0}
    return {"do": "verify", **draft.target, "prompt": list(draft.context), **tree, **more}
