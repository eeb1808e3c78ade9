"""`python -m generator`."""

import gc
import sys
from pathlib import Path

BESIDE_US = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run a command, if the challenges are beside the package and its requirements installed."""
    if not (BESIDE_US / "challenges").is_dir():
        sys.stderr.write(
            f"error: {BESIDE_US}: no challenges/ beside generator/; run this in a checkout of the "
            "project, which is never installed (pip uninstall kernel-bench-site)\n"
        )
        raise SystemExit(2)
    try:
        from generator.cli import app
    except ModuleNotFoundError as absent:
        if (absent.name or "").startswith("generator"):
            raise
        sys.stderr.write(
            f"error: {absent.name} is not installed for {sys.executable}; make site installs it, "
            "and then this works: .venv/bin/python -m generator\n"
        )
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    # A build makes many objects and hardly any garbage: less looking for it saves a tenth.
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    app()


if __name__ == "__main__":
    main()
