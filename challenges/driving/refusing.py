"""What an interface cannot express: an outcome of its own, told by the reason."""


class NotTestable(Exception):
    """An interface that is not understood; the text says why. Adapters raise it."""


def answered(perform, entry, call):
    """What perform(entry, call) returns; where the adapter refuses, the reason that it gives."""
    try:
        return perform(entry, call)
    except Exception as error:
        if not refused(error):
            raise
        return {"not_testable": str(error)}


def refused(error):
    """Whether an adapter raised this: adapter and driver are joined apart, each with its class."""
    return (type(error).__module__, type(error).__name__) == ("adapter", "NotTestable")
