"""For a verifier object: SomeVerifier(target_model, ...) with a method that takes the tree.

Constructor and method may share the parameters in any way.
"""

import inspect

EXPORTS = {"[A-Z]*Verif*|[A-Z]*Tree*|[A-Z]*Specul*|[A-Z]*Flash*|[A-Z]*Decoder*": ()}

METHODS = (
    "verify_and_accept",
    "verify_tree",
    "verify",
    "verify_draft",
    "verify_draft_tree",
    "accept_tree",
    "accept",
    "run",
    "__call__",
)
MASKS = (
    "build_tree_mask",
    "build_tree_attention_mask",
    "tree_mask",
    "build_mask",
    "_build_tree_mask",
)
NAMES = {
    "prompt_tokens": ("prompt", "prompt_ids", "context", "prefix", "context_tokens", "input_ids"),
    "tree_tokens": ("draft_tokens", "tokens", "node_tokens", "tree_token_ids", "draft_ids"),
    "tree_parents": ("parents", "draft_parents", "parent_indices", "parent_ids"),
    "target_model": ("model", "target", "lm"),
    "prompt_len": (
        "prompt_length",
        "P",
        "p",
        "n_prompt",
        "prefix_len",
        "context_len",
        "num_prompt",
    ),
    "temperature": ("temp",),
}


def entry(module, _load):
    """A verifier is made for every call; the mask comes from the module or from the object."""
    cls = next(v for v in vars(module).values() if inspect.isclass(v) and verifies(v))

    def verify_and_accept(**given):
        made = cls(**taken(cls, given))
        method = getattr(made, method_of(cls, METHODS))
        return method(**taken(method, given))

    def build_tree_mask(**given):
        owner = cls(**taken(cls, {"target_model": None, "temperature": 0}))
        method = getattr(owner, method_of(cls, MASKS))
        return method(**taken(method, given))

    roles = {"verify_and_accept": verify_and_accept}
    function = mask_function(module)
    if function:
        roles["build_tree_mask"] = lambda **given: function(**taken(function, given))
    elif method_of(cls, MASKS) and makes_mask(getattr(cls, method_of(cls, MASKS))):
        roles["build_tree_mask"] = build_tree_mask
    return roles


def verifies(cls):
    """Whether a class has a method that verifies, and takes tokens and parents somewhere."""
    name = method_of(cls, METHODS)
    functions = [cls, getattr(cls, name)] if name else []
    own = {p for function in functions for p in inspect.signature(function).parameters}
    return all(own & {role, *NAMES[role]} for role in ("tree_tokens", "tree_parents"))


def mask_function(module):
    """A function of the module that makes a mask from the prompt's length and the parents."""
    for name, item in vars(module).items():
        if "mask" in name.lower() and inspect.isfunction(item) and makes_mask(item):
            return item
    return None


def makes_mask(function):
    """Whether its parameters are the prompt's length and the parents."""
    own = set(inspect.signature(function).parameters)
    return all(own & {role, *NAMES[role]} for role in ("prompt_len", "tree_parents"))


def method_of(cls, names):
    """The first of these names that the class defines, or ""."""
    return next(
        (name for name in names if any(name in vars(base) for base in cls.__mro__[:-1])), ""
    )


def taken(function, given):
    """Those of the given arguments that the function has a parameter for, under its own names."""
    own = inspect.signature(function).parameters
    return {
        name: value
        for canonical, value in given.items()
        for name in (canonical, *NAMES[canonical])
        if name in own
    }
