"""Batched beam search: prompts decode side by side, the live beams of a prompt in one forward call."""

import numpy as np

from hypothesis import BeamPool
from model import TransformerLM
from scoring import log_softmax, top_k


def expand(model, pool, alpha, eos_id):
    """All candidates of one prompt's live beams: the top 2K tokens of each."""
    live = pool.live
    batch = np.array([h.tokens for h in live], dtype=np.int64)
    log_probs = log_softmax(model.forward(batch))
    values, tokens = top_k(log_probs, 2 * pool.width)
    return [
        h.child(int(token), float(value), alpha, eos_id)
        for h, row_values, row_tokens in zip(live, values, tokens)
        for value, token in zip(row_values, row_tokens)
    ]


def batched_beam_search(prompts, model=None, beam_width=4, max_new_tokens=16, length_penalty=0.6, eos_id=0):
    """Per prompt, the `beam_width` best hypotheses, best first; their tokens begin with the prompt."""
    model = model if model is not None else TransformerLM()
    pools = [BeamPool(prompt, beam_width) for prompt in prompts]
    for _ in range(max_new_tokens):
        active = [pool for pool in pools if not pool.is_done]
        if not active:
            break
        for pool in active:
            pool.update(expand(model, pool, length_penalty, eos_id))
    return [pool.hypotheses for pool in pools]


def greedy_search(prompt, model, max_new_tokens, eos_id):
    """Greedy decoding, for comparison."""
    tokens = list(prompt)
    for _ in range(max_new_tokens):
        tokens.append(int(np.argmax(model.forward(np.array([tokens]))[0])))
        if tokens[-1] == eos_id:
            break
    return tokens
