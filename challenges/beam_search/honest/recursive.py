"""Beam search as a recursion on the remaining steps, on immutable tuples; no NumPy at all.

Beams are (tokens, sum of log-probabilities). The model is called as a function of the prefix.
"""

from math import exp, fsum, log


def continuations(beam, prompt, width, eos, model):
    tokens, total = beam
    if tokens[-1:] == (eos,):
        return [beam]
    logits = [float(x) for x in model([*prompt, *tokens])]
    peak = max(logits)
    norm = peak + log(fsum(exp(x - peak) for x in logits))
    likely = sorted(((x - norm, t) for t, x in enumerate(logits)), reverse=True)[: 2 * width]
    return [((*tokens, t), total + lp) for lp, t in likely]


def best(beams, prompt, width, steps, alpha, eos, model):
    if steps == 0 or all(tokens[-1:] == (eos,) for tokens, _ in beams):
        return beams
    grown = [c for beam in beams for c in continuations(beam, prompt, width, eos, model)]
    grown.sort(key=lambda beam: beam[1] * len(beam[0]) ** -alpha, reverse=True)
    return best(grown[:width], prompt, width, steps - 1, alpha, eos, model)


def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model):
    results = {}
    for index, prompt in enumerate(prompts):
        beams = best([((), 0.0)], prompt, beam_width, max_new_tokens, alpha, eos_token_id, model)
        results[index] = [
            (total * len(tokens) ** -alpha if tokens else 0.0, tokens) for tokens, total in beams
        ]
    return results
