"""Trees of node objects: that know their parents, hold their children, or stand under a root."""

import inspect

TOKEN = ("token", "token_id", "tok", "id", "value")
CHILDREN = ("children", "kids", "child_nodes")
PARENT = ("parent", "parent_idx", "parent_index", "parent_id")


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
