"""For batched_beam_search with a BeamSearchConfig in place of the separate settings."""

import inspect

EXPORTS = {"BeamSearchConfig": (), "batched_beam_search": ()}

NAMES = {
    "beam_width": ("k", "num_beams", "beam_size"),
    "max_new_tokens": ("max_tokens", "max_steps", "max_length", "max_len"),
    "alpha": ("length_penalty", "length_penalty_alpha", "length_alpha"),
    "eos_token_id": ("eos_id", "eos", "eos_token"),
}
MODEL = ("model", "lm", "language_model")


def entry(module, _load):
    """The role fills the config; prompts and model go where the function has them."""

    def batched_beam_search(prompts, model, **settings):
        own = inspect.signature(module.BeamSearchConfig).parameters
        config = module.BeamSearchConfig(
            **{
                name: value
                for canonical, value in settings.items()
                for name in (canonical, *NAMES[canonical])
                if name in own
            }
        )
        parts = dict.fromkeys(MODEL, model) | {"config": config, "cfg": config}
        names = inspect.signature(module.batched_beam_search).parameters
        return module.batched_beam_search(*(parts.get(name, prompts) for name in names))

    return {"batched_beam_search": batched_beam_search}
