"""For adapters of beam search: what the settings are called, and calling by that.

A function, a method or a class may take them one by one, or in an object that has a width.
"""

from .parameters import class_of_settings, own_parameters

CONFIG = ("config", "cfg", "params", "args", "settings", "options")
NAMES = {
    "beam_width": ("k", "num_beams", "beam_size", "n_beams", "width"),
    "max_new_tokens": ("max_tokens", "max_steps", "max_length", "max_len", "max_gen_len"),
    "alpha": ("length_penalty", "length_penalty_alpha", "length_alpha", "len_penalty", "lp_alpha"),
    "eos_token_id": ("eos_id", "eos", "eos_token", "end_token_id", "eos_idx"),
    "model": ("lm", "language_model", "model_fn", "forward_fn"),
}


def takes_width(function):
    """Whether one of its parameters is the width of the beam."""
    return bool({"beam_width", *NAMES["beam_width"]} & set(own_parameters(function)))


def takes_config(function):
    """Whether one of its parameters is a configuration."""
    return bool(set(CONFIG) & set(own_parameters(function)))


def taken(function, given, module):
    """Those of the given arguments that the function has a parameter for, under its own names."""
    own = own_parameters(function)
    named = {
        name: value
        for canonical, value in given.items()
        for name in (canonical, *NAMES[canonical])
        if name in own
    }
    return named | {name: configured(own[name], given, module) for name in CONFIG if name in own}


def configured(parameter, given, module):
    """A configuration object: of the annotated class, else of the first that takes a width."""
    kind = class_of_settings(module, parameter, takes_width)
    return kind(**taken(kind, given, module))
