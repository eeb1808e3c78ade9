"""A node is accepted if it matches and its parent is; the deepest accepted node is the end."""

import numpy as np


def build_tree_mask(prompt_len, tree_parents):
    """Additive float32 mask (n, n): 0 where a row may attend, -1e9 elsewhere."""
    n = prompt_len + len(tree_parents)
    mask = np.triu(np.full((n, n), -1e9, dtype=np.float32), k=1)
    mask[prompt_len:, prompt_len:] = -1e9
    for i in range(len(tree_parents)):
        ancestor = i
        while ancestor != -1:
            mask[prompt_len + i, prompt_len + ancestor] = 0.0
            ancestor = tree_parents[ancestor]
    return mask


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0.0):  # noqa: ARG001
    """(accepted tokens, the target's next token)."""
    offset = len(prompt_tokens)
    tokens = list(prompt_tokens) + list(tree_tokens)
    logits = target_model(tokens, mask=build_tree_mask(offset, tree_parents))
    accepted = {-1: []}
    for i, parent in enumerate(tree_parents):
        row = offset - 1 if parent == -1 else offset + parent
        if parent in accepted and tree_tokens[i] == logits[row].argmax():
            accepted[i] = accepted[parent] + [tree_tokens[i]]
    end = max(accepted, key=lambda i: len(accepted[i]))
    row = offset - 1 if end == -1 else offset + end
    return accepted[end], logits[row].argmax()
