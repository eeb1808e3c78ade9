"""Drive one call against an output's cache. It runs beside untrusted code: inputs, no answers.

A call is an operation (`op`) and its inputs.
"""

from challenges.driving.refusing import answered

from .attention import stack
from .cache import memory, overflow, store
from .own_decoder import generator, shipped_decoder
from .work import work


def drive(entry, call):
    """Perform one call; see the functions below for what each operation takes and returns."""
    return answered(OPERATIONS[call["op"]], entry, call)


OPERATIONS = {
    "stack": stack,
    "store": store,
    "overflow": overflow,
    "memory": memory,
    "work": work,
    "decoder": shipped_decoder,
    "generator": generator,
}
