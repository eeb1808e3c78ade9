"""No tree mask for the target: a causal batch with a row for every node's path, padded."""

import numpy as np


def build_tree_mask(prompt_len, tree_parents):
    """Additive mask, built column by column: who sees this node? Itself and its descendants."""
    n = prompt_len + len(tree_parents)
    mask = np.full((n, n), -1e4)
    mask[np.tril_indices(n)] = 0.0
    for i in range(len(tree_parents)):
        descends = [False] * len(tree_parents)
        descends[i] = True
        for j in range(i + 1, len(tree_parents)):
            descends[j] = tree_parents[j] >= 0 and descends[tree_parents[j]]
        mask[prompt_len:, prompt_len + i] = np.where(descends, 0.0, -1e4)
    return mask


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):  # noqa: ARG001
    """([accepted and the target's own token], None)."""
    paths = [[]]
    for token, parent in zip(tree_tokens, tree_parents, strict=True):
        paths.append(paths[parent + 1] + [token])
    width = len(prompt_tokens) + max(map(len, paths))
    batch = np.zeros((len(paths), width), dtype=np.int64)
    for row, path in zip(batch, paths, strict=True):
        row[: len(prompt_tokens) + len(path)] = [*prompt_tokens, *path]
    best = target_model.forward(batch).argmax(-1)

    longest = []
    for b, path in enumerate(paths):
        start = len(prompt_tokens) - 1
        predicted = best[b, start : start + len(path) + 1].tolist()
        if predicted[:-1] == path and len(predicted) > len(longest):
            longest = predicted
    return longest, None
