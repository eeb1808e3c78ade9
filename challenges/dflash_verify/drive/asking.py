"""Asks for the verification of trees, one or in a loop, and learns what the tokens mean."""

import numpy as np

from .results import accepts, as_ints, called, parts
from .scripted_model import ScriptedModel, admits, one_of


def verify(entry, call):
    """The tokens that one tree yields, the inputs as they are afterwards, and the passes taken."""
    model, given = ScriptedModel(call), [list(call[k]) for k in ("prompt", "tokens", "parents")]
    new = ask(entry, model, *given, call.get("temperature", 0))
    return {"new": new, "after": [as_ints(part) for part in given], "passes": model.passes}


def generate(entry, call):
    """Draft, verify, append, until there are enough tokens. The context is one list that grows."""
    model, kept = ScriptedModel(call), list(call["prompt"])
    context, start = list(kept), len(kept)
    while len(kept) - start < call["count"]:
        tokens, parents = call["trees"][len(kept) - start]
        new = ask(entry, model, context, list(tokens), list(parents), 0.0)
        kept += new or [model.greedy(kept)]
        context[:] = kept
    return {"new": kept[start:]}


def ask(entry, model, prompt, tokens, parents, temperature):
    """One call of verify_and_accept, as a list of new tokens."""
    made = called(
        entry.verify_and_accept,
        {"prompt_tokens": prompt, "tree_tokens": tokens, "tree_parents": parents},
        {"target_model": model, "temperature": temperature},
    )
    accepted, bonus = parts(made)
    counts = 0
    while may_count(bonus, accepted) and counts_tokens(entry, counts):
        counts += 1
        accepted, bonus = parts(made, counts)
    begins = accepted[: len(prompt)] == list(prompt)
    ends = bonus is not None and accepted[-1:] == [bonus]
    whole, twice = habits(entry) if begins or ends else (False, False)
    if bonus is not None and not (ends and twice):
        accepted = [*accepted, bonus]
    return accepted[len(prompt) :] if begins and whole else accepted


def habits(entry):
    """(whether a result begins with the prompt, whether its list holds the bonus too)."""
    model = probe_model(1)
    accepted, bonus = one_root(entry, model, (model.greedy([1, 2]) + 1) % 5)
    return accepted[:2] == [1, 2], accepted[-1:] == [bonus]


def may_count(number, tokens):
    """Whether a number may be the length of a list, or that without the bonus."""
    return number is not None and len(tokens) - number in (0, 1)


def counts_tokens(entry, skipped):
    """Whether a number beside the list counts it: told where no token right there may be one."""
    model = next(
        m
        for m in map(probe_model, range(1000))
        if min(m.greedy([1, 2]), m.greedy([1, 2, m.greedy([1, 2])])) > 2
    )
    right = model.greedy([1, 2])
    probes = [one_root(entry, model, token, skipped) for token in (right, 7 - right)]
    fits = all(may_count(number, tokens) for tokens, number in probes)
    return fits and len({len(tokens) - number for tokens, number in probes}) == 1


def probe_model(salt):
    """A small scripted model."""
    return ScriptedModel({"noise": np.zeros((1, 5)), "salt": salt, "scale": 1.0, "offset": 0.0})


def one_root(entry, model, token, skipped=0):
    """What comes back for a tree of one node after the prompt [1, 2]."""
    lists = {"prompt_tokens": [1, 2], "tree_tokens": [token], "tree_parents": [-1]}
    made = called(entry.verify_and_accept, lists, {"target_model": model, "temperature": 0})
    return parts(made, skipped)


def mask_of(entry, call):
    """What build_tree_mask returns for a prompt length and parents, as booleans."""
    if not entry.has("build_tree_mask"):
        return {"not_testable": "no build_tree_mask was found"}
    lists = {"tree_parents": list(call["parents"])}
    made = called(entry.build_tree_mask, lists, {"prompt_len": call["prompt_len"]})
    if isinstance(made, (tuple, list)) and np.ndim(made[0]) >= 2:
        made = made[0]
    mask = one_of(np.asarray(made), 0, 1)
    missing = call["prompt_len"] + len(call["parents"]) - len(mask)
    return {"mask": admits(mask, missing), "parents_after": as_ints(lists["tree_parents"])}


def own_loop(entry, call):
    """The tokens of the output's own generation loop, with scripted target and drafts."""
    if not entry.has("speculative_generate"):
        return {"not_testable": "no generation loop was found"}
    model, prompt = ScriptedModel(call), list(call["prompt"])

    def draft(context, *_):
        at = len(as_ints(context)) - len(prompt)
        return tuple(map(list, call["trees"][at])) if 0 <= at < len(call["trees"]) else ([], [])

    others = {
        "target_model": model,
        "max_new_tokens": call["count"],
        "draft": draft,
        "temperature": 0,
    }
    if not accepts(entry.raw("speculative_generate"), "temp"):
        del others["temperature"]
    made = called(entry.speculative_generate, {"prompt_tokens": list(prompt)}, others)
    new, _ = parts(made)
    return {"new": new[len(prompt) :] if new[: len(prompt)] == prompt else new}
