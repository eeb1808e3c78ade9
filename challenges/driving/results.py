"""What a result is made of, whatever an output returns it in."""

import numpy as np


def fields_of(made):
    """The parts of a mapping, a named tuple, a data class or a simple object by name, else None."""
    if isinstance(made, dict):
        return made
    if hasattr(made, "_asdict"):
        return made._asdict()
    if hasattr(made, "__dataclass_fields__"):
        return {name: getattr(made, name) for name in made.__dataclass_fields__}
    plain = isinstance(made, (np.ndarray, list, tuple)) or not hasattr(made, "__dict__")
    return None if plain else vars(made)


def ordered(made):
    """The parts of a result, in order: of a tuple, list, mapping or simple object."""
    named = fields_of(made)
    if named is not None:
        return list(named.values())
    return list(made) if isinstance(made, (tuple, list)) else [made]
