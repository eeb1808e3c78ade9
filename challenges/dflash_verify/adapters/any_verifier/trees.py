"""Making a tree as the output means it: of a class of its own, or of what its code looks up."""

import contextlib
import inspect

from challenges.driving.refusing import NotTestable

from .naming import NAMES
from .nodes import CHILDREN, PARENT, TOKEN, as_nested, as_nodes, chosen, parameters, under_a_root

ADDS = ("add", "add_node", "add_child", "insert", "append")


class Bundle(dict):
    """A tree for code that looks its parts up by name."""

    __getattr__ = dict.__getitem__


def trees_of(module, tokens, parents, last):
    """Trees with these nodes: of the module's own class, or what its code may look up.

    last: the last token of the prompt, for which a node above the roots stands.
    """
    kinds = tree_classes(module)
    found = []
    for make in (whole, grown, as_nodes, as_nested):
        for kind in kinds:
            with contextlib.suppress(Exception):  # a class that cannot be made so is not meant
                found = found or make(kind, tokens, parents)
    for kind in kinds:
        with contextlib.suppress(Exception):
            found = [*found, under_a_root(kind, tokens, parents, last)]
    if kinds and not found:
        raise NotTestable(f"no way to make a {kinds[0].__name__} from tokens and parents")
    return found or plain_trees(module, tokens, parents, last)


def tree_classes(module):
    """The module's classes that may be those of a tree or of a node, the likelier first."""
    kinds = [k for k in classes(module) if any(w in k.__name__ for w in ("Tree", "Draft", "Node"))]
    return [k for k in kinds if not inspect.isabstract(k)]


def plain_trees(module, tokens, parents, last):
    """Trees without a class, the likelier first: told by whether the code looks children up."""
    below = [[i for i, parent in enumerate(parents) if parent == p] for p in range(-1, len(tokens))]
    whole_tree = Bundle(
        named("tree_tokens", tokens)
        | named("tree_parents", parents)
        | dict.fromkeys(CHILDREN, below[1:])
        | {"roots": below[0]}
    )
    nodes = [
        Bundle(dict.fromkeys(TOKEN, token) | dict.fromkeys(PARENT, parent))
        for token, parent in zip(tokens, parents, strict=True)
    ]
    top = under_a_root(nested_node, tokens, parents, last)
    nested = [top["children"], top]
    by_token = under_a_root(lambda **_: Branch(), tokens, parents, last)
    flat = [whole_tree, nodes]
    return [*nested, *flat, by_token] if looks_up(module, CHILDREN) else [*flat, by_token, *nested]


class Branch(dict):
    """A mapping from each token that may follow to what may follow it."""

    @property
    def children(self):
        """The branches, by token."""
        return self


def nested_node(token):
    """A node that holds its children, under every name that they may be looked up by."""
    children = []  # one list under all names
    return Bundle(dict.fromkeys(TOKEN, token) | dict.fromkeys(CHILDREN, children))


def looks_up(module, names):
    """Whether the module's functions use one of these as a key or as an attribute."""
    todo = [item.__code__ for item in vars(module).values() if inspect.isfunction(item)]
    while todo:
        code = todo.pop()
        if {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))} & set(names):
            return True
        todo += [inner for inner in code.co_consts if inspect.iscode(inner)]
    return False


def named(role, value):
    """A value under every name that a part of a tree may have."""
    return dict.fromkeys(NAMES[role], value)


def classes(module):
    """Classes that the module defines or imports, those named after a tree first."""
    found = [item for item in vars(module).values() if inspect.isclass(item)]
    return sorted(found, key=lambda kind: "Tree" not in kind.__name__)


def whole(kind, tokens, parents):
    """A class that takes all tokens and all parents."""
    own = parameters(kind)
    names = [chosen(own, NAMES[role]) for role in ("tree_tokens", "tree_parents")]
    if not all(names) or chosen(own, PARENT) == names[1]:
        return []
    return [kind(**dict(zip(names, (tokens, parents), strict=True)))]


def grown(kind, tokens, parents):
    """A class that nodes are added to one by one."""
    name = next((name for name in ADDS if callable(getattr(kind, name, None))), "")
    own = list(parameters(getattr(kind, name))) if name else []
    if len(own) < 2 or issubclass(kind, (list, tuple)):
        return []
    tree = kind()
    for token, parent in zip(tokens, parents, strict=True):
        getattr(tree, name)(*((parent, token) if "parent" in own[0] else (token, parent)))
    return [tree]
