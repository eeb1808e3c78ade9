"""What is asked of the output's own target model: logits of trees, and generation from drafts."""

import numpy as np

from .asking import ask
from .own_model import OwnModel, depths


def own_model(entry):
    """(model, None), or (None, what to report instead)."""
    if not entry.has("build_tree_mask"):
        return None, {"not_testable": "no build_tree_mask was found"}
    own = OwnModel(entry)
    return (own, None) if own.model else (None, {"not_testable": "no model class was found"})


def own_logits(entry, call):
    """Logits of every node of a tree, and of the same path on its own, (n, V) each."""
    own, instead = own_model(entry)
    if instead:
        return instead
    width, parents = own.width(), call["parents"]
    prompt, tokens = ([t % width for t in call[name]] for name in ("prompt", "tokens"))
    together = own.logits(prompt, tokens, parents)[len(prompt) :]
    alone = [own.alone(prompt + path_tokens(tokens, parents, i)) for i in range(len(tokens))]
    return {"tree": together, "alone": np.array(alone)}


def path_tokens(tokens, parents, node):
    """The tokens from a root to this node."""
    found = []
    while node >= 0:
        found.insert(0, tokens[node])
        node = parents[node]
    return found


def own_generation(entry, call):
    """Generate with the output's own model and trees of a given shape; its greedy tokens beside."""
    own, instead = own_model(entry)
    if instead:
        return instead
    width = own.width()
    kept, start = [t % width for t in call["prompt"]], len(call["prompt"])
    truth = []
    for _ in range(call["count"] + 6):
        truth.append(own.greedy(kept + truth))
    while len(kept) - start < call["count"]:
        at = len(kept) - start
        parents, picks = call["trees"][at]
        tokens = drafted(truth[at:], parents, picks, width)
        new = ask(entry, own.model, list(kept), tokens, list(parents), 0.0)
        kept += new or [own.greedy(kept)]
        if kept[start:] != truth[: len(kept) - start]:
            break
    return {"new": kept[start:], "greedy": truth[: len(kept) - start]}


def drafted(truth, parents, picks, width):
    """Tokens for a tree's shape: pick 0 is the true token at that depth, others are not true.

    In a vocabulary so small that all its tokens are soon true somewhere, others may be true at
    another depth.
    """
    others = [token for token in range(width) if token not in truth[:6]]
    return [
        truth[d] if p == 0 else others[p % len(others)] if others else (truth[d] + 1) % width
        for d, p in zip(depths(parents), picks, strict=True)
    ]
