"""Write files so that nothing is ever half-written, and nothing is touched that has not changed."""

from __future__ import annotations

import os
from pathlib import Path

from generator.leftovers import beside


def write(path: Path, content: str | bytes) -> bool:
    """Put `content` at `path` through a temporary file; False if it was there already.

    Raises OSError (a full disk, say), in which case the old file is still whole.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, lock = beside(path)
    try:
        temporary.write_bytes(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
    finally:
        os.close(lock)
    return True
