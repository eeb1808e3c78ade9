"""What a parameter is for, by its name, and calling by that."""

import inspect

from challenges.driving.refusing import NotTestable

NAMES = {
    "prompt_tokens": (
        "prompt_tokens", "prompt", "prompt_ids", "context", "prefix", "context_tokens",
        "input_ids", "prompt_token_ids", "prefix_tokens", "sequence", "ids",
    ),
    "tree_tokens": (
        "tree_tokens", "draft_tokens", "tokens", "node_tokens", "tree_token_ids", "draft_ids",
        "token_ids", "tree_ids", "drafted_tokens", "candidates", "candidate_tokens",
    ),
    "tree_parents": (
        "tree_parents", "parents", "draft_parents", "parent_indices", "parent_ids", "parent_idx",
        "tree_parent_indices", "parent",
    ),
    "tree": (
        "tree", "draft_tree", "draft", "token_tree", "tree_draft", "candidate_tree", "nodes",
        "root", "tree_root", "draft_root", "root_node",
    ),
    "target_model": ("target_model", "model", "target", "lm", "target_lm", "verifier_model"),
    "prompt_len": (
        "prompt_len", "prompt_length", "p", "n_prompt", "prefix_len", "context_len", "num_prompt",
        "prefix_length", "context_length", "prompt_size", "plen",
    ),
    "temperature": ("temperature", "temp"),
}  # fmt: skip
EMPTY = inspect.Parameter.empty
SETTINGS = ("config", "cfg", "settings", "options")


def meanings(function):
    """Parameter name -> what it is for, or None; beside a tree, tokens are those of the prompt."""
    own = inspect.signature(function).parameters
    found = {n: next((r for r in NAMES if n.lower() in NAMES[r]), None) for n in own if n != "self"}
    if "tree" in found.values() and "prompt_tokens" not in found.values():
        found |= {n: "prompt_tokens" for n, role in found.items() if role == "tree_tokens"}
    return found


def takes(*functions):
    """What the parameters of some functions are for, together."""
    return {role for function in functions for role in meanings(function).values()} - {None}


def call(module, function, held):
    """Call with what the parameters are for. Raises NotTestable for one needed and unknown."""
    given, own = {}, inspect.signature(function).parameters
    for name, role in meanings(function).items():
        needed = own[name].default is EMPTY and own[name].kind < 2
        if role in held:
            given[name] = held[role]
        elif needed and name.lower() in SETTINGS:
            given[name] = settings(module, own[name], held)
        elif needed or (own[name].kind is own[name].KEYWORD_ONLY and own[name].default is EMPTY):
            raise NotTestable(f"no known meaning for the parameter {name}")
    positional = [n for n, p in own.items() if p.kind is p.POSITIONAL_ONLY and n in given]
    return function(*(given.pop(n) for n in positional), **given)


def settings(module, parameter, held):
    """A settings object of the annotated class, or of the one that is named a configuration."""
    kinds = {name: item for name, item in vars(module).items() if inspect.isclass(item)}
    wanted = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    named = [kinds[wanted]] if wanted in kinds else [k for n, k in kinds.items() if "Config" in n]
    if not named:
        raise NotTestable(f"no class was found for the parameter {parameter.name}")
    return call(module, named[0], held)
