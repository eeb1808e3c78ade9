"""`python -m generator`."""

import gc
import sys
from pathlib import Path

from generator.cli import app

BESIDE_US = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run a command; without the challenges beside the package there is nothing to run it on."""
    if not (BESIDE_US / "challenges").is_dir():
        sys.stderr.write(
            f"error: {BESIDE_US}: no challenges/ beside generator/; run this in a checkout of the "
            "project, which is never installed (pip uninstall kernel-bench-site)\n"
        )
        raise SystemExit(2)
    # A build makes many objects and hardly any garbage: less looking for it saves a tenth.
    gc.set_threshold(10_000, 20, 50)
    app()


if __name__ == "__main__":
    main()
