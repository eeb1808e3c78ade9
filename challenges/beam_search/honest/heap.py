"""Beam search with a heap of K beams a prompt; results are data classes, the prompt included.

The model answers log-probabilities: get_log_probs(list of tokens) -> (V,).
"""

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np


class CountingModel:
    """Log-probabilities that depend on how often each token occurred, and on the last one."""

    vocab_size = 13

    def get_log_probs(self, tokens):
        counts = np.bincount(tokens, minlength=self.vocab_size)
        logits = np.cos(np.arange(self.vocab_size) * (1.0 + tokens[-1])) - 0.3 * counts
        return logits - np.log(np.exp(logits).sum())


@dataclass(order=True)
class Node:
    rank: float
    order: int
    tokens: list = field(compare=False)
    new: int = field(compare=False)
    total: float = field(compare=False)
    done: bool = field(compare=False)


@dataclass
class Hypothesis:
    tokens: list
    log_prob: float
    score: float
    finished: bool


def offer(heap, node, beam_width):
    """Keep the K best nodes seen; the worst is on top."""
    if len(heap) < beam_width:
        heapq.heappush(heap, node)
    else:
        heapq.heappushpop(heap, node)


def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model):
    counter = itertools.count()
    results = []
    for prompt in prompts:
        heap = [Node(0.0, next(counter), list(prompt), 0, 0.0, False)]
        for _ in range(max_new_tokens):
            grown = []
            for node in heap:
                if node.done:
                    offer(grown, node, beam_width)
                    continue
                logprobs = model.get_log_probs(node.tokens)
                for token in np.argsort(logprobs)[::-1][: 2 * beam_width]:
                    total = node.total + float(logprobs[token])
                    rank = total / (node.new + 1) ** alpha
                    child = [*node.tokens, int(token)]
                    done = token == eos_token_id
                    offer(
                        grown,
                        Node(rank, next(counter), child, node.new + 1, total, done),
                        beam_width,
                    )
            heap = grown
        results.append(
            [Hypothesis(n.tokens, n.total, n.rank, n.done) for n in sorted(heap, reverse=True)]
        )
    return results
