"""What a cache's interface takes, and its arrays and numbers made plain."""

import numpy as np

CONFIG = ("batch_size", "max_seq_len", "num_heads", "head_dim", "num_layers")
CREATE = {
    "plain": "create_cache",
    "paged": "create_paged_cache",
    "quantised": "create_quantised_cache",
}


def create(entry, call):
    """A fresh cache of the kind and configuration of a call."""
    role = CREATE[call.get("kind", "plain")]
    arguments = {name: call[name] for name in CONFIG}
    if role != "create_quantised_cache":
        arguments["dtype"] = np.dtype(call["dtype"])
    if role == "create_paged_cache":
        arguments["block_size"] = call["block_size"]
    return getattr(entry, role)(**arguments)


def lacks(entry, *roles):
    """A "not testable" result naming the roles that the output does not have, or None."""
    absent = [role for role in roles if not entry.has(role)]
    return {"not_testable": f"it has no {', '.join(absent)}"} if absent else None


def takes(entry, role, parameter):
    """Whether the function behind a role takes a parameter, by any of its names."""
    names = {"lengths": ("lengths", "new_lengths", "valid_lengths"), "dtype": ("dtype",)}[parameter]
    parameters = entry.signature(role).parameters
    catches_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return catches_all or any(name in parameters for name in names)


def passes_dtype(entry):
    """Whether the dtype asked for reaches the output's cache; an adapter knows."""
    return getattr(entry.raw("create_cache"), "passes_dtype", takes(entry, "create_cache", "dtype"))


def lengths_of(entry, cache, call):
    """The reported lengths as B integers; one number stands for every row."""
    found = np.atleast_1d(as_array(entry.cache_lengths(cache=cache)))
    if found.size == 1:
        found = np.repeat(found.reshape(1), call["batch_size"])
    return found.astype(np.int64) if found.dtype.kind in "iuf" else found


def as_array(value):
    """An array from an array, a list, or the first item of a tuple or dictionary."""
    if isinstance(value, tuple) and len(value) and not np.isscalar(value[0]):
        value = value[0]
    if isinstance(value, dict):
        value = next(iter(value.values()))
    return np.asarray(value)


def as_number(value):
    """A number of bytes from a number, or the largest number in a dictionary."""
    if isinstance(value, dict):
        numbers = [v for v in value.values() if isinstance(v, (int, float, np.number))]
        return float(max(numbers))
    return float(value)
