"""What an interface cannot express: an outcome of its own, told by the reason."""


class NotTestable(Exception):
    """An interface that is not understood; the text says why. Adapters raise it."""


def answered(perform, entry, call):
    """What perform(entry, call) returns; where the adapter refuses, the reason that it gives."""
    try:
        return perform(entry, call)
    except Exception as error:
        if not refused(entry, error):
            raise
        return {"not_testable": str(error)}


def refused(entry, error):
    """Whether this is what an adapter raises, and nothing of the output's that is named like it."""
    return type(error) is entry.refusal
