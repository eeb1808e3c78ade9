"""Runs beside the untrusted code: hands it a scripted target model, and reports what it returns.

call["do"]: "verify" (one tree), "generate" (trees in a loop, one for every number of tokens so
far), "mask", "own_loop" (the output's loop), "own_logits" and "own_generation" (its own model).
"""

from .asking import generate, mask_of, own_loop, verify
from .own_model import own_generation, own_logits


def drive(entry, call):
    """Do what call["do"] says; where an adapter cannot express it, the reason it gives."""
    try:
        return OPERATIONS[call["do"]](entry, call)
    except Exception as error:
        if (type(error).__module__, type(error).__name__) != ("adapter", "NotTestable"):
            raise
        return {"not_testable": str(error)}


OPERATIONS = {
    "verify": verify,
    "generate": generate,
    "mask": mask_of,
    "own_loop": own_loop,
    "own_logits": own_logits,
    "own_generation": own_generation,
}
