"""Drive one call against an output's cache. It runs beside untrusted code: inputs, no answers.

A call is an operation (`op`) and its inputs. An adapter's role that its interface cannot express
raises an exception whose class is named NotTestable; its text becomes the reason.
"""

from .attention import stack
from .cache import memory, overflow, store
from .own_decoder import generator, shipped_decoder
from .work import work


def drive(entry, call):
    """Perform one call; see the functions below for what each operation takes and returns."""
    try:
        return OPERATIONS[call["op"]](entry, call)
    except Exception as error:
        if type(error).__name__ != "NotTestable":
            raise
        return {"not_testable": str(error)}


OPERATIONS = {
    "stack": stack,
    "store": store,
    "overflow": overflow,
    "memory": memory,
    "work": work,
    "decoder": shipped_decoder,
    "generator": generator,
}
