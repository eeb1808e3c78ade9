"""What the parameters of an output's function or class ask for."""

import inspect

from .refusing import NotTestable


def own_parameters(function):
    """Name -> inspect.Parameter; none where there is no signature, as for some classes in C."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def is_needed(parameter):
    """Whether a call has to give it: it has no default, and is neither *args nor **kwargs."""
    gathers = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not gathers


def class_of_settings(module, parameter, fits):
    """The class of an object that holds settings: the annotated one, else the first that fits.

    fits: whether a class of the module may be meant. Raises NotTestable where none is.
    """
    kinds = {name: item for name, item in vars(module).items() if inspect.isclass(item)}
    wanted = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    known = [kinds[wanted]] if wanted in kinds else list(filter(fits, kinds.values()))
    if not known:
        raise NotTestable(f"no class was found for the parameter {parameter.name}")
    return known[0]
