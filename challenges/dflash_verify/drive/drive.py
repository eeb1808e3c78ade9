"""Runs beside the untrusted code: hands it a scripted target model, and reports what it returns.

call["do"]: "verify" (one tree), "generate" (trees in a loop, one for every number of tokens so
far), "mask", "own_loop" (the output's loop), "own_logits" and "own_generation" (its own model).
"""

from challenges.driving.refusing import answered

from .asking import generate, mask_of, own_loop, verify
from .own_answers import own_generation, own_logits


def drive(entry, call):
    """Do what call["do"] says; where an adapter cannot express it, the reason it gives."""
    return answered(OPERATIONS[call["do"]], entry, call)


OPERATIONS = {
    "verify": verify,
    "generate": generate,
    "mask": mask_of,
    "own_loop": own_loop,
    "own_logits": own_logits,
    "own_generation": own_generation,
}
