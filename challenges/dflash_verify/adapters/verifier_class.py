"""For a verifier object: SomeVerifier(target_model, ...) with a method that takes the tree.

Constructor and method may share the parameters in any way.
"""

import inspect

EXPORTS = {"[A-Z]*Verif*": ()}

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
    "prompt_len": ("prompt_length", "P", "n_prompt", "prefix_len", "context_len", "num_prompt"),
    "temperature": ("temp",),
}


def entry(module, _load):
    """A verifier is made for every call; the mask comes from the module or from the object."""
    cls = next(
        value
        for name, value in vars(module).items()
        if inspect.isclass(value) and "Verif" in name and method_of(value, METHODS)
    )

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
    elif method_of(cls, MASKS):
        roles["build_tree_mask"] = build_tree_mask
    return roles


def mask_function(module):
    """A function of the module that makes a mask from the prompt's length and the parents."""
    for name, item in vars(module).items():
        if "mask" in name.lower() and inspect.isfunction(item):
            own = set(inspect.signature(item).parameters)
            wanted = ({role, *NAMES[role]} for role in ("prompt_len", "tree_parents"))
            if all(own & names for names in wanted):
                return item
    return None


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
