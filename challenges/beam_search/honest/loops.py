"""Beam search in plain Python, one beam and one token at a time."""

import math


def log_softmax(logits):
    top = max(logits)
    log_total = top + math.log(sum(math.exp(x - top) for x in logits))
    return [x - log_total for x in logits]


def score(tokens, total, alpha):
    return total / len(tokens) ** alpha


def decode(model, prompt, beam_width, max_new_tokens, alpha, eos_token_id):
    beams = [([], 0.0)]
    if max_new_tokens == 0:
        return beams
    for _ in range(max_new_tokens):
        pool = []
        for tokens, total in beams:
            if tokens and tokens[-1] == eos_token_id:
                pool.append((tokens, total))
                continue
            logprobs = log_softmax([float(x) for x in model.forward(list(prompt) + tokens)])
            order = sorted(range(len(logprobs)), key=lambda t: -logprobs[t])
            for token in order[: 2 * beam_width]:
                grown = [*tokens, token]
                pool.append((grown, total + logprobs[token]))
        pool.sort(key=lambda beam: -score(*beam, alpha))
        beams = pool[:beam_width]
        if all(tokens[-1] == eos_token_id for tokens, _ in beams):
            break
    return [(tokens, score(tokens, total, alpha)) for tokens, total in beams]


def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model):
    return [
        decode(model, prompt, beam_width, max_new_tokens, alpha, eos_token_id) for prompt in prompts
    ]
