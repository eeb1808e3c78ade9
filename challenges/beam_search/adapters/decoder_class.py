"""For an object that searches: BeamSearchDecoder(...) whose method takes a prompt or several.

Constructor and method may share the parameters in any way, and either may take some of them in a
configuration object.
"""

import inspect

from challenges.driving.refusing import NotTestable
from challenges.driving.search_settings import taken, takes_config, takes_width

EXPORTS = {"[A-Z]*Beam*|[A-Z]*Decoder*|[A-Z]*Search*": ()}

METHODS = ("batched_beam_search", "decode_batch", "batch_decode", "search_batch", "batch_search")
METHODS += ("generate_batch", "beam_search", "decode", "search", "generate", "run", "__call__")
SEVERAL = ("prompts", "prompt_token_ids", "prompt_ids", "batch_prompts", "input_ids", "batch")


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
    functions = [cls, getattr(cls, method_of(cls))] if method_of(cls) else []
    return any(takes_width(function) or takes_config(function) for function in functions)


def takes_several(parameter):
    """Whether a method's first parameter is a list of prompts: by its annotation, else its name."""
    annotation = str(parameter.annotation).lower().replace("sequence", "list")
    if "list" in annotation:
        return annotation.count("list[") > 1
    return parameter.name in SEVERAL
