"""For a beam search function with a configuration object in place of the separate settings."""

import inspect

from challenges.driving.parameters import is_needed, own_parameters
from challenges.driving.refusing import NotTestable
from challenges.driving.search_settings import taken, takes_config

EXPORTS = {
    "*Config*|*Params*|*Args*|*Settings*|*Options*": (),
    "*beam*search*|*beam*decod*|*search*beam*|*decod*beam*|*search*|*decod*|*generat*": (),
}


def entry(module, _load):
    """The role fills the config; the prompts go where nothing else does."""
    search = function_of(module)

    def batched_beam_search(prompts, **given):
        more = taken(search, given, module)
        own = own_parameters(search).items()
        left = [name for name, parameter in own if name not in more and is_needed(parameter)]
        if len(left) != 1:
            raise NotTestable(f"not one parameter is left for the prompts, but {left}")
        return search(**{left[0]: prompts}, **more)

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
