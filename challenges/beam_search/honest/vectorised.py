"""Beam search on arrays: the unfinished beams of a prompt are one batch for the model."""

import numpy as np


class ToyModel:
    """Logits (n, V) for a batch of prefixes (n, T), from averaged embeddings."""

    def __init__(self, vocab_size=29, dim=8, seed=3):
        rng = np.random.default_rng(seed)
        self.vocab_size = vocab_size
        self.embedding = rng.normal(size=(vocab_size, dim))
        self.output = rng.normal(size=(dim, vocab_size))

    def forward(self, token_ids):
        token_ids = np.asarray(token_ids)
        weights = 1.0 / np.arange(token_ids.shape[1], 0, -1)
        hidden = np.tanh(np.einsum("ntd,t->nd", self.embedding[token_ids], weights))
        return hidden @ self.output


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def expand(model, prompt, live, sums, beam_width):
    """Tokens (n, k), sums (n, k) of the k best extensions of each live beam."""
    batch = np.array([prompt + tokens for tokens in live])
    logprobs = log_softmax(np.asarray(model.forward(batch)))
    k = min(2 * beam_width, logprobs.shape[1])
    best = np.argpartition(-logprobs, k - 1, axis=1)[:, :k]
    return best, np.asarray(sums)[:, None] + np.take_along_axis(logprobs, best, axis=1)


def search_one(model, prompt, beam_width, max_new_tokens, alpha, eos_token_id):
    live, live_sums = [[]], [0.0]
    finished, finished_sums = [], []
    for _ in range(max_new_tokens):
        if not live:
            break
        chosen, sums = expand(model, prompt, live, live_sums, beam_width)
        tokens = [live[i] + [int(t)] for i, row in enumerate(chosen) for t in row] + finished
        totals = np.concatenate([sums.ravel(), finished_sums])
        lengths = np.array([len(t) for t in tokens], dtype=float)
        keep = np.argsort(-totals / lengths**alpha, kind="stable")[:beam_width]
        ended = [i for i in keep if tokens[i][-1] == eos_token_id]
        going = [i for i in keep if tokens[i][-1] != eos_token_id]
        finished, finished_sums = [tokens[i] for i in ended], [float(totals[i]) for i in ended]
        live, live_sums = [tokens[i] for i in going], [float(totals[i]) for i in going]
    pairs = list(zip(live + finished, live_sums + finished_sums, strict=True))
    scored = [(tokens, total / max(len(tokens), 1) ** alpha) for tokens, total in pairs]
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model):
    if max_new_tokens < 1:
        raise ValueError("max_new_tokens must be at least 1")
    return [
        search_one(model, [int(t) for t in prompt], beam_width, max_new_tokens, alpha, eos_token_id)
        for prompt in prompts
    ]
