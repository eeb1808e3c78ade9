"""Making a tree as the output means it: one object, nodes in a list, or nodes that hold nodes."""

import contextlib
import inspect

from challenges.driving.refusing import NotTestable

from .naming import NAMES

ADDS = ("add", "add_node", "add_child", "insert", "append")
TOKEN = ("token", "token_id", "tok", "id", "value")
CHILDREN = ("children", "kids", "child_nodes")
PARENT = ("parent", "parent_idx", "parent_index", "parent_id")


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


def parameters(function):
    """Lower-case parameter name -> its own spelling, without self; the keys of a typed dict."""
    if inspect.isclass(function) and issubclass(function, dict):
        return {name.lower(): name for name in getattr(function, "__annotations__", {})}
    try:
        return {n.lower(): n for n in inspect.signature(function).parameters if n != "self"}
    except (TypeError, ValueError):
        return {}


def chosen(own, wanted):
    """The first of the wanted names that is there, in its own spelling; None if none is."""
    return next((own[name] for name in wanted if name in own), None)


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


def as_nodes(kind, tokens, parents):
    """Lists of nodes that know their parents' places, or their parents; the likelier first.

    A root has None for a parent where that is what the class says, by default or annotation.
    """
    own = parameters(kind)
    token, parent = chosen(own, TOKEN), chosen(own, PARENT)
    if not token or not parent:
        return []
    typed_dict = issubclass(kind, dict)
    told = None if typed_dict else inspect.signature(kind).parameters[parent]
    annotation = str(kind.__annotations__[parent] if typed_dict else told.annotation)
    none = "None" in annotation or "Optional" in annotation or getattr(told, "default", 0) is None
    root = None if none else -1
    pairs = list(zip(tokens, parents, strict=True))
    places = [kind(**{token: t, parent: root if p < 0 else p}) for t, p in pairs]
    linked = []
    for t, p in pairs:
        linked.append(kind(**{token: t, parent: None if p < 0 else linked[p]}))
    return [linked, places] if kind.__name__ in annotation else [places, linked]


def as_nested(kind, tokens, parents):
    """Nodes that hold their children in a list: the list of the roots."""
    own = parameters(kind)
    token, children = chosen(own, TOKEN), chosen(own, CHILDREN)
    if not token or not children:
        return []
    nodes = [kind(**{token: t, children: []}) for t in tokens]
    for node, parent in zip(nodes, parents, strict=True):
        if parent >= 0:
            getattr(nodes[parent], children).append(node)
    return [[node for node, parent in zip(nodes, parents, strict=True) if parent < 0]]


def under_a_root(kind, tokens, parents, last):
    """One node, in the place of the last prompt token, with the roots as its children.

    Children stand in a list, or in a mapping by token, where equal siblings are one.
    """
    own = parameters(kind)
    token, parent = chosen(own, TOKEN), chosen(own, PARENT)

    def node(value):
        return kind(**({token: value} if token else {}) | ({parent: None} if parent else {}))

    top, nodes = node(last), []
    for value, index in zip(tokens, parents, strict=True):
        owner = nodes[index] if index >= 0 else top
        branches = next(getattr(owner, name) for name in CHILDREN if hasattr(owner, name))
        made = node(value)
        if isinstance(branches, dict):
            made = branches.setdefault(value, made)
        else:
            branches.append(made)
        if parent:
            setattr(made, parent, owner)
        nodes.append(made)
    return top
