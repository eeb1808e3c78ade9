"""What a parameter is for, by its name, and calling by that."""

import inspect

from challenges.driving.parameters import class_of_settings, is_needed
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
        needed = is_needed(own[name])
        if role in held:
            given[name] = held[role]
        elif needed and name.lower() in SETTINGS:
            kind = class_of_settings(module, own[name], lambda k: "Config" in k.__name__)
            given[name] = call(module, kind, held)
        elif needed:
            raise NotTestable(f"no known meaning for the parameter {name}")
    positional = [n for n, p in own.items() if p.kind is p.POSITIONAL_ONLY and n in given]
    return function(*(given.pop(n) for n in positional), **given)
