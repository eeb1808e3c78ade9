"""Draft trees for the cases, drawn so that the mistakes known to be made would show.

Parent only: a tree is drawn against the scripted target, so that right tokens, wrong ones and
tempting ones (the true next token, in the wrong branch) stand where they hurt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from challenges.dflash_verify.reference import next_token, path

Target = Mapping[str, Any]


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
        """Add a token that is neither right, nor (where that can be had) among `avoid` or the siblings."""
        taken = {self.best(parent), *avoid, *self.siblings(parent)}
        vocabulary = self.target["noise"].shape[1]
        for _ in range(50):
            token = int(self.r.integers(vocabulary))
            if token not in taken:
                break
        return self.add(parent, token if token not in taken else (self.best(parent) + 1) % vocabulary)

    def siblings(self, parent: int) -> list[int]:
        """The tokens of the children of `parent`."""
        return [t for t, p in zip(self.tokens, self.parents, strict=True) if p == parent]

    def tempting(self, parent: int) -> int | None:
        """Add a token of the true continuation where it is wrong; None where there is none to add."""
        taken = {self.best(parent), *self.siblings(parent)}
        fitting = [t for t in self.truth if t not in taken]
        return self.add(parent, int(self.r.choice(fitting))) if fitting else None

    def trap(self, length: int, above: int) -> bool:
        """A right chain, then a side branch that holds the true next token and continues rightly.

        The side branch hangs `above` levels over the chain's end, so its first node is wrong. Taking
        nodes in order by the row before them accepts it and its child; taking them by the parent's
        row finds a mismatch whose correction repeats a token. False, and nothing added, where the
        drawn target does not allow it.
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
