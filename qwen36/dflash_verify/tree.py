"""The draft tree: flattened tokens, parents, depths, and the attention mask derived from them."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class DraftTree:
    """A drafted token tree in flattened (topological) order."""

    tokens: list
    parents: list
    depths: list = field(default_factory=list)

    def __post_init__(self):
        if len(self.tokens) != len(self.parents):
            raise ValueError("tokens and parents must have the same length")
        if not self.depths:
            self.depths = compute_depths(self.parents)

    def __len__(self):
        return len(self.tokens)

    @classmethod
    def chain(cls, tokens):
        """A degenerate tree: every node is the parent of the next."""
        return cls(list(tokens), list(range(-1, len(tokens) - 1)))


def compute_depths(parents):
    """Depth of each node; roots have depth 0."""
    depths = []
    for i, parent in enumerate(parents):
        if parent >= i:
            raise ValueError(f"parent of node {i} must precede it, got {parent}")
        depths.append(0 if parent == -1 else depths[parent] + 1)
    return depths


def get_ancestors(parents, node):
    """All ancestors of a node, nearest first (the node itself is not included)."""
    ancestors = []
    current = parents[node]
    while current != -1:
        ancestors.append(current)
        current = parents[current]
    return ancestors


def build_tree_mask(prompt_len, tree_parents):
    """Boolean mask [prompt_len + N, prompt_len + N]; True means attention is allowed.

    - prompt tokens use standard causal attention
    - tree node i attends to the whole prompt, all its ancestors, and itself
    """
    n_nodes = len(tree_parents)
    total = prompt_len + n_nodes
    mask = np.zeros((total, total), dtype=np.bool_)
    mask[:prompt_len, :prompt_len] = np.tril(np.ones((prompt_len, prompt_len), dtype=np.bool_))
    mask[prompt_len:, :prompt_len] = True
    for node in range(n_nodes):
        row = prompt_len + node
        mask[row, row] = True
        for ancestor in get_ancestors(tree_parents, node):
            mask[row, prompt_len + ancestor] = True
    return mask
