"""What the zygote's interpreter executes: `python -I boot.py CONTROL_FD MODULE...`.

Makes the child's modules importable as a package of their own, without importing the judge's.
"""

import importlib
import os
import sys
import types

PACKAGE = "sandbox_child"

if __name__ == "__main__":
    package = types.ModuleType(PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[PACKAGE] = package
    importlib.import_module(f"{PACKAGE}.zygote").main()
