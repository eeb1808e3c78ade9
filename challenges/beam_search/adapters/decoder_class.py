"""For a decoder object: BeamSearchDecoder(...) with a method that decodes one prompt or several.

Constructor and method may share the parameters in any way.
"""

import inspect

EXPORTS = {"BeamSearchDecoder": ()}

METHODS = ("batched_beam_search", "decode_batch", "batch_decode", "search_batch", "batch_search")
METHODS += ("decode", "search", "generate", "run", "__call__")
SEVERAL = ("prompts", "prompt_token_ids", "prompt_ids", "batch_prompts", "input_ids", "batch")
NAMES = {
    "beam_width": ("k", "num_beams", "beam_size"),
    "max_new_tokens": ("max_tokens", "max_steps", "max_length", "max_len"),
    "alpha": ("length_penalty", "length_penalty_alpha", "length_alpha"),
    "eos_token_id": ("eos_id", "eos", "eos_token"),
    "model": ("lm", "language_model"),
}


def entry(module, _load):
    """The role makes a decoder and asks it prompt by prompt, or at once where it takes several."""

    def batched_beam_search(prompts, **given):
        decoder = module.BeamSearchDecoder(**taken(module.BeamSearchDecoder, given))
        method = next(getattr(decoder, name) for name in METHODS if hasattr(decoder, name))
        first = next(iter(inspect.signature(method).parameters))
        more = taken(method, given)
        if first in SEVERAL:
            return method(prompts, **more)
        return [method(prompt, **more) for prompt in prompts]

    return {"batched_beam_search": batched_beam_search}


def taken(function, given):
    """Those of the given arguments that the function has a parameter for, under its own names."""
    own = inspect.signature(function).parameters
    return {
        name: value
        for canonical, value in given.items()
        for name in (canonical, *NAMES[canonical])
        if name in own
    }
