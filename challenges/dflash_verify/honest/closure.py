"""Ancestors by closing the parent matrix; float32 softmax; axes for batch and heads."""

from typing import NamedTuple

import numpy as np


class Result(NamedTuple):
    accepted: np.ndarray
    new_token: int
    depth: int


def build_tree_mask(prompt_len, tree_parents):
    """Additive float64 mask (1, 1, n, n) of 0 and -inf."""
    n = len(tree_parents)
    reach = np.eye(n, dtype=bool)
    for i, parent in enumerate(tree_parents):
        if parent >= 0:
            reach[i] |= reach[parent]
    allowed = np.zeros((prompt_len + n, prompt_len + n), dtype=bool)
    allowed[:, :prompt_len] = True
    allowed[:prompt_len, :prompt_len] &= np.arange(prompt_len) <= np.arange(prompt_len)[:, None]
    allowed[prompt_len:, prompt_len:] = reach
    return np.where(allowed, 0.0, -np.inf)[None, None]


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):  # noqa: ARG001
    """A named tuple: the accepted tokens, the next one, and how deep the path goes."""
    prompt = np.asarray(prompt_tokens, dtype=np.int64)
    tree = np.asarray(tree_tokens, dtype=np.int64)
    parents = np.asarray(tree_parents, dtype=np.int64)
    p = len(prompt)
    tokens = np.concatenate([prompt, tree])[None]
    logits = target_model.forward(tokens, build_tree_mask(p, parents))[0]
    probabilities = softmax(logits.astype(np.float32))
    best = probabilities.argmax(axis=-1)
    # Row p - 1 + parent would be wrong for every parent but -1, hence the two cases.
    rows = np.where(parents < 0, p - 1, p + parents)
    good = tree == best[rows]
    depth = np.zeros(len(tree), dtype=int)
    for i, parent in enumerate(parents):
        good[i] &= parent < 0 or good[parent]
        depth[i] = 1 + (depth[parent] if parent >= 0 else 0)
    if not good.any():
        return Result(np.array([], dtype=np.int64), best[p - 1], 0)
    end = int(np.argmax(np.where(good, depth, 0)))
    path, node = [], end
    while node >= 0:
        path.append(node)
        node = parents[node]
    return Result(tree[path[::-1]], best[p + end], len(path))
