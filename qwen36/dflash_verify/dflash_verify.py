"""DFlash tree verification and speculative decoding.

Pipeline:  draft tree -> flatten -> tree mask -> one target forward -> verify_and_accept
"""

import numpy as np

from target_model import MinimalTransformer
from tree import DraftTree, build_tree_mask, compute_depths


def sample_token(logits, temperature):
    """argmax at temperature 0, otherwise softmax sampling."""
    if temperature == 0:
        return int(np.argmax(logits))
    scaled = (logits - np.max(logits)) / temperature
    probs = np.exp(scaled)
    return int(np.random.choice(len(probs), p=probs / probs.sum()))


def run_target(prompt_tokens, tree, target_model):
    """One forward pass over prompt and tree under the tree mask."""
    tokens = np.concatenate([np.asarray(prompt_tokens), np.asarray(tree.tokens)]).astype(np.int64)
    mask = build_tree_mask(len(prompt_tokens), tree.parents)
    return np.asarray(target_model.forward(tokens, attention_mask=mask))


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0.0):
    """Verify the drafted tokens against the target model.

    A node at depth d is the (d + 1)-th token after the prompt, so the distribution that it must agree
    with is logits[prompt_len - 1 + d]. Verification proceeds in topological order and stops at the
    first disagreement, where the target's own token is used instead.

    Returns the list of new tokens: the accepted ones and one from the target.
    """
    prompt_len = len(prompt_tokens)
    tree = DraftTree(list(tree_tokens), list(tree_parents))
    logits = run_target(prompt_tokens, tree, target_model)

    new_tokens = []
    accepted_nodes = []
    for node in range(len(tree)):
        target_token = sample_token(logits[prompt_len - 1 + tree.depths[node]], temperature)
        if tree.tokens[node] == target_token:
            accepted_nodes.append(node)
            new_tokens.append(target_token)
        else:
            new_tokens.append(target_token)
            return new_tokens

    # Everything matched: the target's prediction after the last node comes for free.
    new_tokens.append(sample_token(logits[prompt_len + accepted_nodes[-1]], temperature))
    return new_tokens


def autoregressive_decode(prompt_tokens, target_model, max_new_tokens):
    """Baseline: one token per forward pass."""
    tokens = list(prompt_tokens)
    for _ in range(max_new_tokens):
        tokens.append(int(np.argmax(target_model.forward(np.array(tokens))[-1])))
    return tokens[len(prompt_tokens):]


def speculative_decode(prompt_tokens, target_model, draft_fn, max_new_tokens, temperature=0.0):
    """Decode with a drafter.

    draft_fn: callable, tokens so far -> (tree_tokens, tree_parents)
    Returns a dict with the new tokens and statistics.
    """
    tokens = list(prompt_tokens)
    rounds = 0
    while len(tokens) - len(prompt_tokens) < max_new_tokens:
        tree_tokens, tree_parents = draft_fn(tokens)
        tokens += verify_and_accept(tokens, tree_tokens, tree_parents, target_model, temperature)
        rounds += 1
    new_tokens = tokens[len(prompt_tokens):][:max_new_tokens]
    return {"tokens": new_tokens, "rounds": rounds, "tokens_per_round": len(new_tokens) / rounds}


if __name__ == "__main__":
    model = MinimalTransformer()
    prompt = [1, 2, 3]
    print("baseline:", autoregressive_decode(prompt, model, 12))
    chain = lambda tokens: (autoregressive_decode(tokens, model, 3), [-1, 0, 1])
    print("chain drafts:", speculative_decode(prompt, model, chain, 12))
    print("depths:", compute_depths([-1, -1, 0, 1, 1]))
