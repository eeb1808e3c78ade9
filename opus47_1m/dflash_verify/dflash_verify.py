"""Greedy verification of a draft tree by tree attention, in one pass of the target.

Rows of the flattened input: 0..P-1 the prompt, P+i tree node i. Row r of the logits scores what comes
after row r on r's own root path, hence

    source(i) = P - 1            if parents[i] == -1
              = P + parents[i]   otherwise

and node i stands iff its parent stands and argmax(logits[source(i)]) == tree_tokens[i].
The nodes that stand form a path (greedy decoding has one continuation), whose end yields the new token.
"""

import numpy as np


def depths(tree_parents):
    """Depth of each node, roots at 0. Parents precede children."""
    depth = np.zeros(len(tree_parents), dtype=np.int64)
    for i, p in enumerate(tree_parents):
        if p >= i:
            raise ValueError(f"node {i} comes before its parent {p}")
        depth[i] = 0 if p < 0 else depth[p] + 1
    return depth


def build_tree_mask(prompt_len, tree_parents):
    """Boolean (P+N, P+N), True = may attend. Each row is its predecessor's plus itself."""
    n = prompt_len + len(tree_parents)
    mask = np.zeros((n, n), dtype=bool)
    mask[:prompt_len, :prompt_len] = np.tri(prompt_len, dtype=bool)
    for i, p in enumerate(tree_parents):
        mask[prompt_len + i] = mask[prompt_len - 1 if p < 0 else prompt_len + p]
        mask[prompt_len + i, prompt_len + i] = True
    return mask


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0.0):
    """Return (accepted, new_token): drafted tokens kept, and the target's own next token.

    Only temperature 0 is defined: sampling needs the draft's distribution, which is not given.
    """
    if temperature != 0:
        raise NotImplementedError("greedy verification only")
    if len(tree_tokens) != len(tree_parents) or len(prompt_tokens) == 0:
        raise ValueError("one parent per node, and at least one prompt token")
    P = len(prompt_tokens)
    tokens = np.array([*prompt_tokens, *tree_tokens], dtype=np.int64)
    best = target_model.forward(tokens, build_tree_mask(P, tree_parents)).argmax(axis=-1)

    accepted, node = [], -1
    for i, p in enumerate(tree_parents):  # parents precede children, so one sweep suffices
        if p == node and tree_tokens[i] == best[P - 1 if p < 0 else P + p]:
            accepted.append(int(tree_tokens[i]))
            node = i
    return accepted, int(best[P - 1 if node < 0 else P + node])


class TargetModel:
    """Two-layer causal transformer in float64; a row's position is the number of rows it sees, less one.

    That count equals the depth along the path in a tree and the index in a sequence, so tree logits
    equal sequential ones.
    """

    def __init__(self, vocab_size=50, width=32, heads=4, layers=2, seed=0):
        rng = np.random.default_rng(seed)
        self.vocab_size, self.heads = vocab_size, heads
        self.embedding = rng.normal(size=(vocab_size, width))
        self.readout = rng.normal(size=(width, vocab_size)) / np.sqrt(width)
        self.frequency = 1.0 / 50.0 ** (np.arange(width // 2) / (width // 2))
        self.blocks = rng.normal(size=(layers, 6, width, width)) / np.sqrt(width)

    def forward(self, tokens, mask):
        """tokens (n,), mask (n, n) bool -> logits (n, vocab_size)."""
        angle = (mask.sum(axis=1, keepdims=True) - 1) * self.frequency
        x = self.embedding[tokens] + np.hstack([np.sin(angle), np.cos(angle)])
        for q, k, v, out, up, down in self.blocks:
            h = _norm(x)
            split = [(h @ w).reshape(len(h), self.heads, -1).swapaxes(0, 1) for w in (q, k, v)]
            scores = split[0] @ split[1].swapaxes(1, 2) / np.sqrt(split[0].shape[-1])
            scores = np.where(mask, scores, -np.inf)
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            x = x + (weights @ split[2]).swapaxes(0, 1).reshape(x.shape) @ out
            x = x + np.maximum(_norm(x) @ up, 0) @ down
        return _norm(x) @ self.readout


def _norm(x):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6)
