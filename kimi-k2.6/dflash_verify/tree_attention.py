#!/usr/bin/env python3
"""Tree attention for speculative decoding (DFlash): mask, verification, acceptance.

Layout of the flattened sequence:

        0 ... P-1            P ... P+N-1
        prompt tokens        tree nodes in topological order

The logits at position p score the token at position p + 1.
"""

import numpy as np


class TreeNode:
    """A node of a draft tree, for building trees by hand."""

    def __init__(self, token, children=()):
        self.token = token
        self.children = list(children)


def flatten(roots):
    """Depth-first flattening of TreeNodes to (tokens, parents)."""
    tokens, parents = [], []

    def visit(node, parent):
        tokens.append(node.token)
        parents.append(parent)
        index = len(tokens) - 1
        for child in node.children:
            visit(child, index)

    for root in roots:
        visit(root, -1)
    return tokens, parents


def build_tree_mask(prompt_len, tree_parents):
    """Additive mask (T, T): 0.0 where attention is allowed, -inf where it is not."""
    total = prompt_len + len(tree_parents)
    mask = np.full((total, total), -np.inf)
    for q in range(prompt_len):
        mask[q, : q + 1] = 0.0
    for i, parent in enumerate(tree_parents):
        if parent == -1:
            mask[prompt_len + i, :prompt_len] = 0.0
        else:
            mask[prompt_len + i] = mask[prompt_len + parent]
        mask[prompt_len + i, prompt_len + i] = 0.0
    return mask


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0.0):
    """Compare each drafted token with the prediction for its position.

    Returns (accepted, None) at temperature 0: the new tokens, of which the last is the target's
    correction if a drafted token was rejected. The second item is only used when sampling.
    """
    P, N = len(prompt_tokens), len(tree_tokens)
    tokens = np.array(list(prompt_tokens) + list(tree_tokens), dtype=np.int64)
    mask = build_tree_mask(P, tree_parents)
    logits = target_model.forward(tokens, mask)

    if temperature > 0:
        return _verify_sampling(logits, P, tree_tokens, temperature)

    predictions = np.argmax(logits, axis=-1)
    accepted = []
    for i in range(N):
        predicted = int(predictions[P + i - 1])
        accepted.append(predicted)
        if predicted != tree_tokens[i]:
            break
    if not accepted:
        accepted.append(int(predictions[P - 1]))
    return accepted, None


def _verify_sampling(logits, P, tree_tokens, temperature):
    """Accept a drafted token with the target's probability for it, else sample another."""
    rng = np.random.default_rng()
    accepted = []
    for i, token in enumerate(tree_tokens):
        scaled = logits[P + i - 1] / temperature
        probs = np.exp(scaled - scaled.max())
        probs /= probs.sum()
        if rng.random() > probs[token]:
            return accepted, int(rng.choice(len(probs), p=probs))
        accepted.append(int(token))
    return accepted, None


class NumpyTransformer:
    """Small decoder-only transformer used as the target in the tests below."""

    def __init__(self, vocab=50, dim=32, layers=2, heads=2, max_seq=256, seed=123):
        g = np.random.default_rng(seed)
        self.vocab, self.dim, self.heads = vocab, dim, heads
        self.wte = g.standard_normal((vocab, dim))
        self.wpe = g.standard_normal((max_seq, dim)) * 0.3
        self.head = g.standard_normal((dim, vocab))
        self.blocks = [g.standard_normal((4, dim, dim)) / np.sqrt(dim) for _ in range(layers)]
        self.mlps = [g.standard_normal((2, dim, dim)) / np.sqrt(dim) for _ in range(layers)]

    def forward(self, tokens, mask=None):
        T = len(tokens)
        if mask is None:
            mask = np.triu(np.full((T, T), -np.inf), 1)
        h = self.wte[np.asarray(tokens)] + self.wpe[:T]
        for (wq, wk, wv, wo), (w1, w2) in zip(self.blocks, self.mlps):
            x = self._ln(h)
            q, k, v = (self._split(x @ w) for w in (wq, wk, wv))
            s = np.einsum("hqd,hkd->hqk", q, k) / np.sqrt(q.shape[-1]) + mask
            a = np.exp(s - s.max(-1, keepdims=True))
            a /= a.sum(-1, keepdims=True)
            h = h + np.einsum("hqk,hkd->qhd", a, v).reshape(T, -1) @ wo
            h = h + np.maximum(self._ln(h) @ w1, 0) @ w2
        return self._ln(h) @ self.head

    def _split(self, x):
        return x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)

    @staticmethod
    def _ln(x):
        return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5)


def greedy(model, prompt, n):
    out = list(prompt)
    for _ in range(n):
        out.append(int(model.forward(np.array(out))[-1].argmax()))
    return out[len(prompt):]
