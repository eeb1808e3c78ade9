"""What the zygote's interpreter executes: `python -I -S boot.py CONTROL_FD`.

Makes the child's modules importable as a package of their own, without importing the judge's.
"""

import importlib
import json
import socket
import sys
import types
from pathlib import Path

PACKAGE = "sandbox_child"


def main() -> None:
    """Read the settings, make the listed packages importable, then be the zygote."""
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parent)]
    sys.modules[PACKAGE] = package
    control = socket.socket(fileno=int(sys.argv[1]))
    line = b""
    while not line.endswith(b"\n"):  # the judge says nothing more until it was answered
        line += control.recv(1 << 16)
    settings = json.loads(line)
    finder = importlib.import_module(f"{PACKAGE}.installed").install(settings["packages"])
    importlib.import_module(f"{PACKAGE}.zygote").main(control, settings, finder)


if __name__ == "__main__":
    main()
