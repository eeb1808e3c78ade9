"""A module with its own small target model and its own generation loop; recursive acceptance."""

import numpy as np


def depths(parents):
    found = []
    for parent in parents:
        found.append(found[parent] + 1 if parent >= 0 else 0)
    return found


def build_tree_mask(prompt_len, tree_parents):
    """Boolean mask, True where attention is blocked (the other convention)."""
    n = prompt_len + len(tree_parents)
    blocked = np.triu(np.ones((n, n), dtype=bool), k=1)
    for i in range(len(tree_parents)):
        blocked[prompt_len + i, prompt_len:] = True
        node = i
        while node >= 0:
            blocked[prompt_len + i, prompt_len + node] = False
            node = tree_parents[node]
    return blocked


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):  # noqa: ARG001
    """An object with the accepted tokens and the target's next one."""
    p = len(prompt_tokens)
    positions = np.array([*range(p), *(p + d for d in depths(tree_parents))])
    logits = target_model.forward(
        tokens=np.array(list(prompt_tokens) + list(tree_tokens)),
        blocked_mask=build_tree_mask(p, tree_parents),
        positions=positions,
    )

    def descend(node, row):
        best = int(logits[row].argmax())
        for child, parent in enumerate(tree_parents):
            if parent == node and tree_tokens[child] == best:
                return [best, *descend(child, p + child)]
        return [best]

    *accepted, new_token = descend(-1, p - 1)
    return Verified(accepted, new_token)


class Verified:
    def __init__(self, accepted, new_token):
        self.accepted = accepted
        self.new_token = new_token


class SmallTarget:
    """One attention layer and a readout, with positions as part of every embedding."""

    def __init__(self, vocab_size, dim=24, max_len=128, seed=3):
        r = np.random.default_rng(seed)
        self.embedding = r.normal(size=(vocab_size, dim))
        self.place = r.normal(size=(max_len, dim))
        self.wq, self.wk, self.wv = r.normal(size=(3, dim, dim)) / np.sqrt(dim)
        self.readout = r.normal(size=(dim, vocab_size))

    def forward(self, tokens, blocked_mask=None, positions=None):
        n = len(tokens)
        if blocked_mask is None:
            blocked_mask = np.triu(np.ones((n, n), dtype=bool), k=1)
        x = self.embedding[tokens] + self.place[np.arange(n) if positions is None else positions]
        scores = (x @ self.wq) @ (x @ self.wk).T / np.sqrt(x.shape[1])
        scores[blocked_mask] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        x = x + weights / weights.sum(axis=1, keepdims=True) @ (x @ self.wv)
        return x @ self.readout


def speculative_generate(prompt_tokens, target_model, max_new_tokens, draft):
    """The prompt and the generated tokens."""
    sequence = list(prompt_tokens)
    while len(sequence) < len(prompt_tokens) + max_new_tokens:
        tree_tokens, tree_parents = draft(sequence)
        verified = verify_and_accept(sequence, tree_tokens, tree_parents, target_model)
        sequence += [*verified.accepted, verified.new_token]
    return sequence[: len(prompt_tokens) + max_new_tokens]
