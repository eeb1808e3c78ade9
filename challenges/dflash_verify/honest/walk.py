"""One pass over prompt and tree, then a walk: at each node, the child that matches."""

import numpy as np


def build_tree_mask(prompt_len, tree_parents):
    """Boolean mask (n, n), True where a row may attend: each node inherits its parent's row."""
    n = prompt_len + len(tree_parents)
    mask = np.zeros((n, n), dtype=bool)
    mask[:prompt_len, :prompt_len] = np.tri(prompt_len, dtype=bool)
    for node, parent in enumerate(tree_parents):
        row = prompt_len + node
        mask[row] = mask[prompt_len + parent] if parent >= 0 else mask[prompt_len - 1]
        mask[row, row] = True
    return mask


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):  # noqa: ARG001
    """The accepted tokens and the target's next token, in one list."""
    prompt_len = len(prompt_tokens)
    mask = build_tree_mask(prompt_len, tree_parents)
    logits = target_model.forward(np.array([*prompt_tokens, *tree_tokens]), mask)
    best = np.argmax(logits, axis=-1)
    accepted = []
    node, row = -1, prompt_len - 1
    while True:
        token = int(best[row])
        accepted.append(token)
        node = next(
            (i for i, p in enumerate(tree_parents) if p == node and tree_tokens[i] == token), None
        )
        if node is None:
            return accepted
        row = prompt_len + node
