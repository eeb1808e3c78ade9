"""`python -m generator`."""

import gc

from generator.cli import app

if __name__ == "__main__":
    # A build makes many objects and hardly any garbage: less looking for it saves a tenth.
    gc.set_threshold(10_000, 20, 50)
    app()
