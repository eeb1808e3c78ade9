"""For an object that searches: BeamSearchDecoder(...) whose method takes a prompt or several.

Constructor and method may share the parameters in any way, and either may take some of them in a
configuration object.
"""

import inspect

from challenges.driving.refusing import NotTestable

EXPORTS = {"[A-Z]*Beam*|[A-Z]*Decoder*|[A-Z]*Search*": ()}

METHODS = ("batched_beam_search", "decode_batch", "batch_decode", "search_batch", "batch_search")
METHODS += ("generate_batch", "beam_search", "decode", "search", "generate", "run", "__call__")
SEVERAL = ("prompts", "prompt_token_ids", "prompt_ids", "batch_prompts", "input_ids", "batch")
CONFIG = ("config", "cfg", "params", "args", "settings", "options")
NAMES = {
    "beam_width": ("k", "num_beams", "beam_size", "n_beams", "width"),
    "max_new_tokens": ("max_tokens", "max_steps", "max_length", "max_len", "max_gen_len"),
    "alpha": ("length_penalty", "length_penalty_alpha", "length_alpha", "len_penalty", "lp_alpha"),
    "eos_token_id": ("eos_id", "eos", "eos_token", "end_token_id", "eos_idx"),
    "model": ("lm", "language_model", "model_fn", "forward_fn"),
}


def entry(module, _load):
    """The role makes a decoder and asks it prompt by prompt, or at once where it takes several."""
    kinds = [item for item in vars(module).values() if inspect.isclass(item) and searches(item)]
    if not kinds:
        raise NotTestable("no class has a method that searches, and takes a width")
    cls = kinds[0]

    def batched_beam_search(prompts, **given):
        decoder = cls(**taken(cls, given, module))
        method = getattr(decoder, method_of(cls))
        more = taken(method, given, module)
        if takes_several(next(iter(inspect.signature(method).parameters.values()))):
            return method(prompts, **more)
        return [method(prompt, **more) for prompt in prompts]

    return {"batched_beam_search": batched_beam_search}


def method_of(cls):
    """The method that searches, by its name."""
    return next((name for name in METHODS if any(name in vars(c) for c in cls.__mro__[:-1])), "")


def searches(cls):
    """Whether a class has such a method, and takes a width or a configuration somewhere."""
    wanted = {"beam_width", *NAMES["beam_width"], *CONFIG}
    functions = [cls, getattr(cls, method_of(cls))] if method_of(cls) else []
    return any(wanted & set(inspect.signature(function).parameters) for function in functions)


def takes_several(parameter):
    """Whether a method's first parameter is a list of prompts: by its annotation, else its name."""
    annotation = str(parameter.annotation).lower().replace("sequence", "list")
    if "list" in annotation:
        return annotation.count("list[") > 1
    return parameter.name in SEVERAL


def taken(function, given, module):
    """Those of the given arguments that the function has a parameter for, under its own names."""
    own = inspect.signature(function).parameters
    named = {
        name: value
        for canonical, value in given.items()
        for name in (canonical, *NAMES[canonical])
        if name in own
    }
    configs = {name: configured(own[name], given, module) for name in CONFIG if name in own}
    return named | configs


def configured(parameter, given, module):
    """A configuration object: of the annotated class, else of the one that has a width."""
    kinds = {name: item for name, item in vars(module).items() if inspect.isclass(item)}
    annotation = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if annotation in kinds:
        kind = kinds[annotation]
    else:
        wanted = {"beam_width", *NAMES["beam_width"]}
        kind = next(k for k in kinds.values() if wanted & set(getattr(k, "__annotations__", ())))
    return kind(**taken(kind, given, module))
