"""The output's own decoder, where it ships one."""

import random

import numpy as np

from challenges.driving.refusing import refused

from .interface import CONFIG, as_array, lacks


def shipped_decoder(entry, call):
    """Make the output's own decoder and feed it tokens (B, N) in different ways, each afresh."""
    if missing := lacks(entry, "create_decoder", "decoder_step"):
        return missing
    out = {}
    for name, tokens, chunks in (
        ("steps", call["tokens"], [1] * call["tokens"].shape[1]),
        ("again", call["tokens"], [1] * call["tokens"].shape[1]),
        ("chunked", call["tokens"], call["chunks"]),
        ("other", call["other"], [1] * call["tokens"].shape[1]),
    ):
        if name not in call["ways"]:
            continue
        decoder = seeded(lambda: create_own(entry, call))
        try:
            out[name] = feed(entry, decoder, tokens, chunks)
        except Exception as error:  # noqa: BLE001 - whether it raises is what is asked
            if refused(entry, error):
                return {"not_testable": str(error)}
            if not call["may_raise"]:
                return {"not_testable": f"the decoder raised {type(error).__name__}: {error}"}
            return {**out, "raised": f"{type(error).__name__}: {error}"}
    if "again" in out and not np.array_equal(out["steps"], out["again"]):
        return {"not_testable": "two fresh decoders differ on the same tokens"}
    return {**out, "raised": ""}


def create_own(entry, call):
    """The output's decoder at a small configuration."""
    return entry.create_decoder(**{name: call[name] for name in (*CONFIG, "vocab_size")})


def feed(entry, decoder, tokens, chunks):
    """The last position's logits (B, V) after all tokens, given in chunks."""
    start, logits = 0, None
    for size in chunks:
        piece = tokens[:, start : start + size].copy()
        logits = as_array(entry.decoder_step(decoder=decoder, tokens=piece))
        start += size
    batch = tokens.shape[0]
    logits = logits.reshape(batch, -1, logits.shape[-1]) if logits.ndim else logits
    return logits[:, -1].copy()


def generator(entry, call):
    """Greedy tokens from a prompt, and from the prompt continued with the first of them."""
    if missing := lacks(entry, "create_decoder", "generate"):
        return missing
    try:
        first, again = (own_tokens(entry, call, call["prompt"], call["steps"]) for _ in range(2))
        kept = call["keep"]
        longer = [*call["prompt"], *first[:kept]]
        rest = own_tokens(entry, call, longer, call["steps"] - kept)
    except Exception as error:
        if refused(entry, error):
            raise
        return {"not_testable": f"the generator raised {type(error).__name__}: {error}"}
    if first != again or len(first) != call["steps"]:
        return {"not_testable": "it does not generate the same number of tokens twice"}
    return {"first": first, "rest": rest}


def own_tokens(entry, call, prompt, steps):
    """The new tokens that a fresh generator adds to a prompt, the prompt itself left out."""
    decoder = seeded(lambda: create_own(entry, {**call, "batch_size": 1}))
    random.seed(0)
    np.random.seed(0)
    made = as_array(entry.generate(decoder=decoder, prompt=list(prompt), max_new_tokens=steps))
    made = [int(token) for token in made.reshape(-1)]
    return made[len(prompt) :] if made[: len(prompt)] == list(prompt) else made


def seeded(action):
    """Run an action with Python's and NumPy's global generators seeded alike."""
    random.seed(0)
    np.random.seed(0)
    return action()
