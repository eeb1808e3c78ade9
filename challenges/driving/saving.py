"""For adapters: the context that a forward in the style of automatic differentiation saves to."""

import inspect
import types

CONTEXTS = ("ctx", "context")


class Context(types.SimpleNamespace):
    """What forward saves to and backward reads, where the output defines no class for it."""

    def save_for_backward(self, *arrays):
        """Keep arrays for backward."""
        self.saved_tensors = arrays


def saves_to_context(forward):
    """Whether forward is given what it saves to; where it returns it, `ctx` names a cache."""
    return any(name.lower() in CONTEXTS for name in inspect.signature(forward).parameters)


def fresh_context(module):
    """One of the module's own class to save to, else ours."""
    kinds = (c for c in vars(module).values() if hasattr(c, "save_for_backward"))
    return next((c for c in kinds if inspect.isclass(c)), Context)()
