"""Plain Python: nested lists for the mask, log-probabilities for the choice, no NumPy."""

import math


def ancestors(parents, node):
    found = {node}
    while parents[node] >= 0:
        node = parents[node]
        found.add(node)
    return found


def build_tree_mask(prompt_len, tree_parents):
    """Nested lists of bool, True where a row may attend."""
    n = prompt_len + len(tree_parents)
    rows = [[column <= row for column in range(n)] for row in range(prompt_len)]
    for node in range(len(tree_parents)):
        seen = {prompt_len + a for a in ancestors(tree_parents, node)}
        rows.append([column < prompt_len or column in seen for column in range(n)])
    return rows


def log_softmax(row):
    top = max(row)
    log_total = math.log(sum(math.exp(value - top) for value in row))
    return [value - top - log_total for value in row]


def most_likely(row):
    scores = log_softmax([float(value) for value in row])
    return max(range(len(scores)), key=scores.__getitem__)


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):  # noqa: ARG001
    """A dictionary with the accepted tokens and the bonus."""
    size = len(prompt_tokens)
    logits = target_model.forward(prompt_tokens + tree_tokens, build_tree_mask(size, tree_parents))
    children = {}
    for node, parent in enumerate(tree_parents):
        children.setdefault(parent, {})[tree_tokens[node]] = node

    accepted, node = [], -1
    wanted = most_likely(logits[size - 1])
    while wanted in children.get(node, {}):
        node = children[node][wanted]
        accepted.append(wanted)
        wanted = most_likely(logits[size + node])
    return {"accepted_tokens": accepted, "bonus_token": wanted, "count": len(accepted)}
