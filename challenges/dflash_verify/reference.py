"""The trusted answers: the scripted target's next token, greedy decoding, the tree mask.

The rule for greedy verification of a tree of drafts is that of SpecInfer (Miao et al., 2024,
section 4): the tokens kept are those that decoding one token at a time would give. Everything here
follows that definition: a token is asked for by its whole prefix, and no tree is ever flattened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MULTIPLIER = 6364136223846793005
INCREMENT = 1442695040888963407
MODULUS = 2**64


def next_token(target: Mapping[str, Any], prefix: Sequence[int]) -> int:
    """The scripted target's greedy token after a prefix.

    target: `salt` (a number) and `noise` (rows x vocabulary). The prefix t_1 ... t_n is hashed to
    salt * m^n + sum (t_k + c) m^(n-k+1) modulo 2^64, whose upper half picks the token: each token
    is multiplied at least once, so that the last one moves the upper half too.
    """
    state = target["salt"]
    for token in prefix:
        state = (state + int(token) + INCREMENT) * MULTIPLIER % MODULUS
    return int((state >> 33) % target["noise"].shape[1])


def greedy(target: Mapping[str, Any], prompt: Sequence[int], count: int) -> list[int]:
    """The next `count` tokens of autoregressive greedy decoding."""
    sequence = list(prompt)
    for _ in range(count):
        sequence.append(next_token(target, sequence))
    return sequence[len(prompt) :]


def path(parents: Sequence[int], node: int) -> list[int]:
    """The nodes from a root to this node; none for -1."""
    found = []
    while node >= 0:
        found.append(node)
        node = parents[node]
    return found[::-1]


def matching_depth(call: Mapping[str, Any]) -> int:
    """The number of drafted tokens on the longest path that agrees with greedy decoding."""
    tokens, parents = call["tokens"], call["parents"]
    truth = greedy(call, call["prompt"], len(tokens))
    depths = [0]
    for node in range(len(tokens)):
        drafted = [tokens[i] for i in path(parents, node)]
        if drafted == truth[: len(drafted)]:
            depths.append(len(drafted))
    return max(depths)


def tree_mask(prompt_len: int, parents: Sequence[int]) -> NDArray[np.bool_]:
    """True where a row may attend: the prompt is causal, a node sees prompt, ancestors and itself.

    Shape (prompt_len + n, prompt_len + n); node i of the tree is row prompt_len + i.
    """
    n = prompt_len + len(parents)
    mask = np.zeros((n, n), dtype=bool)
    for row in range(prompt_len):
        mask[row, : row + 1] = True
    for node in range(len(parents)):
        mask[prompt_len + node, :prompt_len] = True
        mask[prompt_len + node, [prompt_len + a for a in path(parents, node)]] = True
    return mask
