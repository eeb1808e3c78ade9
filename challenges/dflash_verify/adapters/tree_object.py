"""For verify_and_accept with a tree object in place of tokens and parents.

The tree's class takes tokens and parents in its constructor, or nodes one by one through add,
add_node or add_child.
"""

import inspect

EXPORTS = {"verify_and_accept": (), "[A-Z]*Tree*": ()}

TOKENS = ("tree_tokens", "tokens", "token_ids", "draft_tokens")
PARENTS = ("tree_parents", "parents", "parent_indices", "parent_ids")
ADDS = ("add", "add_node", "add_child", "insert", "append")
TREE = ("tree", "draft_tree", "draft", "token_tree")
OTHERS = {
    "prompt_tokens": ("prompt", "prompt_ids", "context", "prefix"),
    "target_model": ("model", "target", "lm"),
    "temperature": ("temp",),
}


def entry(module, _load):
    """The tree is made with the module's own class."""
    own = inspect.signature(module.verify_and_accept).parameters
    place = next(name for name in own if name in TREE)
    cls = tree_class(module)

    def verify_and_accept(tree_tokens, tree_parents, **given):
        named = {
            name: value
            for canonical, value in given.items()
            for name in (canonical, *OTHERS[canonical])
            if name in own
        }
        return module.verify_and_accept(**named, **{place: tree_of(cls, tree_tokens, tree_parents)})

    roles = {"verify_and_accept": verify_and_accept}
    masks = [v for n, v in vars(module).items() if "mask" in n and inspect.isfunction(v)]
    if masks:
        build = getattr(module, "build_tree_mask", masks[0])
        roles["build_tree_mask"] = lambda prompt_len, tree_parents: masked(
            build, prompt_len, tree_of(cls, [0] * len(tree_parents), tree_parents)
        )
    return roles


def tree_class(module):
    """The class that takes all tokens and parents, else the one that nodes are added to."""
    kinds = [v for name, v in vars(module).items() if inspect.isclass(v) and "Tree" in name]

    def wholly(cls):
        own = set(inspect.signature(cls).parameters)
        return bool(own & set(TOKENS)) and bool(own & set(PARENTS))

    return next(iter([*filter(wholly, kinds), *filter(adds, kinds), *kinds]))


def adds(cls):
    """Whether nodes can be added one by one."""
    return any(hasattr(cls, name) for name in ADDS)


def tree_of(cls, tokens, parents):
    """A tree with these nodes."""
    own = inspect.signature(cls).parameters
    names = [next((n for n in wanted if n in own), "") for wanted in (TOKENS, PARENTS)]
    if all(names):
        return cls(**{names[0]: list(tokens), names[1]: list(parents)})
    tree = cls()
    add = next(getattr(tree, n) for n in ADDS if hasattr(tree, n))
    order = list(inspect.signature(add).parameters)
    for token, parent in zip(tokens, parents, strict=True):
        add(*((parent, token) if "parent" in order[0] else (token, parent)))
    return tree


def masked(build, prompt_len, tree):
    """build_tree_mask with the tree, or its parents, in the place that its signature says."""
    names = list(inspect.signature(build).parameters)
    at = next((i for i, name in enumerate(names) if name in (*TREE, *PARENTS)), 1)
    value = (
        tree if names[at] in TREE else next(getattr(tree, n) for n in PARENTS if hasattr(tree, n))
    )
    return build(prompt_len, value) if at else build(value, prompt_len)
