"""For outputs that project inside a layer's __call__, with no function to call.

The driver reads the projection off the layer's answer to the identity where no function gives it.
"""

EXPORTS = {"*Linear*|*Dense*|*Ternary*|*Tern[A-Z]*|*BitNet*": ()}


def entry(_module, _load):
    return {"ternary_project": lambda **_given: None}
