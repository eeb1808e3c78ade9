"""Reach the roles of challenge.yaml in an output whose interface differs beyond names and order.

A verifier is a function, or a method of an object made with the target; between them they take the
prompt, the target and the tree, as tokens and parents or as an object of the output's own. The mask
comes from a function or a method that takes the prompt's length, or the prompt, and the parents or
the tree. Nothing here knows a model or a file; parameters are recognised by name (naming.py).
"""

import inspect
import re

from challenges.driving.refusing import NotTestable

from .naming import call, takes
from .trees import classes, tree_classes, trees_of

EXPORTS = {
    "*[Vv]erif*|*[Aa]ccept*|[A-Z]*Specul*|[A-Z]*Flash*|[A-Z]*Decoder*|[A-Z]*Tree*|*specul*": ()
}

VERIFIES = re.compile(r"verif|accept|^run$|^__call__$|^step$")
NOT_IT = re.compile(r"test|naive|ref|demo|bench|check|generate|mask|sequential|greedy_decod")


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """The roles that are there."""
    owner, function = verifier(module)

    def verify_and_accept(tree_tokens, tree_parents, **given):
        held = {**given, **tree_parts(tree_tokens, tree_parents)}
        held["prompt_len"] = len(held["prompt_tokens"])
        return tried(module, function, held, owner)

    roles = {"verify_and_accept": verify_and_accept}
    found = mask_maker(module, owner)
    if found:
        roles["build_tree_mask"] = lambda prompt_len, tree_parents: masked(
            module, found, prompt_len, tree_parents
        )
    return roles


def tree_parts(tokens, parents):
    """Tokens and parents, under their own names."""
    return {"tree_tokens": tokens, "tree_parents": parents}


def tried(module, function, held, make=None):
    """Call a function, or first what makes it, with each tree that may be meant until one fits."""
    makers = [function] if make is None else [make, function]
    if not any("tree" in takes(each) for each in makers if each is not None):
        return finished(module, function, held, make)
    errors = []
    for tree in trees_meant(module, makers, held):
        try:
            made = finished(module, function, {**held, "tree": tree}, make)
            made = list(made) if hasattr(made, "__next__") else made  # it may raise on the way
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            errors.append(error)
            continue
        asked = getattr(held["target_model"], "asked", 0)
        if asked > len(held["prompt_tokens"]) + len(held["tree_tokens"]):
            raise NotTestable("its root is a drafted token, so that a tree has no second one")
        return made
    if tree_classes(module):
        raise errors[0]
    raise NotTestable(f"no tree that was tried holds what it looks for: {errors[0]}")


def trees_meant(module, makers, held):
    """The trees that may be meant; one under a root first where a parameter is called so."""
    last = held["prompt_tokens"][-1]
    trees = trees_of(module, held["tree_tokens"], held["tree_parents"], last)
    names = {name for make in makers if make for name in inspect.signature(make).parameters}
    return trees[::-1] if any("root" in name.lower() for name in names) else trees


def finished(module, function, held, make):
    """Call a function, or the method of this name of an object that is made first."""
    if make is not None:
        function = getattr(call(module, make, held), function.__name__)
    return call(module, function, held)


def verifier(module):
    """(class or None, function): the first by name that takes a prompt, a target and a tree."""
    candidates = [(None, item) for item in vars(module).values() if inspect.isfunction(item)]
    for kind in classes(module):
        candidates += [(kind, item) for item in vars(kind).values() if inspect.isfunction(item)]
    fitting = [pair for pair in candidates if verifies(*pair)]
    if not fitting:
        raise NotTestable("nothing that verifies takes a prompt, a target and a tree")
    return min(fitting, key=lambda pair: (pair[0] is not None, private(pair[1])))


def private(function):
    """Whether a name says that others are not meant to call it."""
    return function.__name__.startswith("_") and not function.__name__.endswith("__")


def verifies(owner, function):
    """Whether it is named so, and takes all it needs, together with its object's constructor."""
    name = function.__name__.lower()
    if not VERIFIES.search(name) or NOT_IT.search(name):
        return False
    try:
        own = takes(function, *([owner] if owner else []))
    except (TypeError, ValueError):
        return False
    return {"prompt_tokens", "target_model"} <= own and has_tree(own)


def has_tree(roles):
    """Whether a tree is among what is taken, in one piece or in two."""
    return "tree" in roles or {"tree_tokens", "tree_parents"} <= roles


def mask_maker(module, owner):
    """(class or None, function) that makes a mask of a prompt and the parents, or None."""
    places = [None, *([owner] if owner else []), *classes(module)]
    for place in places:
        for name, item in vars(place or module).items():
            function = item.__func__ if isinstance(item, (staticmethod, classmethod)) else item
            if "mask" in name.lower() and inspect.isfunction(function):
                own = takes(function)
                parents = {"tree", "tree_parents"} & own or (place and "Tree" in place.__name__)
                if parents and {"prompt_len", "prompt_tokens"} & own:
                    return place, name
    return None


def masked(module, found, prompt_len, tree_parents):
    """The mask, from a function, a method of the verifier or a method of the tree."""
    place, name = found
    held = {
        "prompt_len": prompt_len,
        "prompt_tokens": [0] * prompt_len,
        "tree_parents": tree_parents,
    }
    tokens = [0] * len(tree_parents)
    held |= {**tree_parts(tokens, tree_parents), "target_model": None, "temperature": 0}
    function = getattr(place or module, name)
    if place is None or isinstance(inspect.getattr_static(place, name), staticmethod):
        return tried(module, function, held)
    if "Tree" in place.__name__ and not {"tree", "tree_parents"} & takes(function):
        tree = trees_of(module, tokens, tree_parents, 0)[0]
        return call(module, getattr(tree, name), held)
    return tried(module, function, held, place)
