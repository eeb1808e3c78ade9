"""For a beam search function with a configuration object in place of the separate settings."""

import inspect

from challenges.driving.refusing import NotTestable

EXPORTS = {
    "*Config*|*Params*|*Args*|*Settings*|*Options*": (),
    "*beam*search*|*beam*decod*|*search*beam*|*decod*beam*|*search*|*decod*|*generat*": (),
}

CONFIG = ("config", "cfg", "params", "args", "settings", "options")
NAMES = {
    "beam_width": ("k", "num_beams", "beam_size", "n_beams", "width"),
    "max_new_tokens": ("max_tokens", "max_steps", "max_length", "max_len", "max_gen_len"),
    "alpha": ("length_penalty", "length_penalty_alpha", "length_alpha", "len_penalty", "lp_alpha"),
    "eos_token_id": ("eos_id", "eos", "eos_token", "end_token_id", "eos_idx"),
}
MODEL = ("model", "lm", "language_model", "model_fn", "forward_fn")


def entry(module, _load):
    """The role fills the config; prompts and model go where the function has them."""
    search = function_of(module)
    names = inspect.signature(search).parameters

    def batched_beam_search(prompts, model, **settings):
        config = configured(module, settings)
        parts = dict.fromkeys(MODEL, model) | dict.fromkeys(CONFIG, config)
        return search(*(parts.get(name, prompts) for name in names))

    return {"batched_beam_search": batched_beam_search}


def function_of(module):
    """The function of beam search that takes a config, one for batches before one for a prompt."""
    named = sorted(vars(module).items(), key=lambda item: "batch" not in item[0])
    found = [
        item
        for word in ("beam", "search", "decod", "generat")
        for name, item in named
        if word in name and inspect.isfunction(item) and takes_config(item)
    ]
    if not found:
        raise NotTestable("no function of beam search takes a configuration")
    return found[0]


def takes_config(function):
    """Whether one of its parameters is a configuration."""
    return any(name in CONFIG for name in inspect.signature(function).parameters)


def configured(module, settings):
    """An object of the module's class that has a width among its fields."""
    wanted = {"beam_width", *NAMES["beam_width"]}
    kinds = [item for item in vars(module).values() if inspect.isclass(item)]
    kind = next(k for k in kinds if wanted & set(inspect.signature(k).parameters))
    own = inspect.signature(kind).parameters
    return kind(
        **{
            name: value
            for canonical, value in settings.items()
            for name in (canonical, *NAMES[canonical])
            if name in own
        }
    )
