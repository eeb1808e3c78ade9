"""Start a new challenge: a small one that works, to be replaced piece by piece."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path

from generator.discover import NOT_MODELS
from generator.files import write
from generator.yamlfile import BadFile

SCAFFOLD = Path(__file__).resolve().parent / "scaffold"
PLACEHOLDER = "SLUG"
# A file of this name in a model's folder, or the challenge itself, would be imported in its place.
LIBRARIES = {"cupy", "mlx", "numpy", "pytest", "scipy", "torch"}
OURS = {"driving", "judging", "kit", *NOT_MODELS}
TAKEN = {*sys.stdlib_module_names, *LIBRARIES, *OURS}


def new_challenge(root: Path, slug: str) -> list[Path]:
    """Write challenges/<slug>/ and its test; the files. Raises BadFile if it exists or cannot be.

    The scaffold is a whole challenge (rows without their mean): it passes `check`, its honest
    variants pass and its mutants fail, so every later change starts from something that works.
    """
    if not slug.isidentifier() or keyword.iskeyword(slug) or slug != slug.lower():
        raise BadFile(f"{slug!r}: a challenge's name is a Python identifier in lower case")
    if slug in TAKEN:
        raise BadFile(f"{slug!r}: this is the name of a module of ours, of Python or of a library")
    folder, test = root / "challenges" / slug, root / "tests" / "challenges" / f"test_{slug}.py"
    for path in (folder, test):
        if path.exists():
            raise BadFile(f"{path.relative_to(root)}: exists already, nothing was written")
    written = []
    for source in sorted(SCAFFOLD.rglob("*.txt")):
        name = source.relative_to(SCAFFOLD).with_suffix("")
        target = test if name.name == "test.py" else folder / name
        write(target, source.read_text(encoding="utf-8").replace(PLACEHOLDER, slug))
        written.append(target)
    return written
