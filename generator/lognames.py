"""Which files of a run are its session log, by name alone: names may be slightly wrong."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import PurePosixPath

ENDINGS = {".jsonl", ".json"}
CLOSE = 0.8


def is_log(path: str) -> bool:
    """Whether a path looks like a session log: `session.jsonl`, `sesion.jsonl`, `session/...`."""
    parts = PurePosixPath(path.lower()).parts
    if len(parts) > 1 and parts[0] == "session":
        return True
    if len(parts) != 1 or PurePosixPath(parts[0]).suffix not in ENDINGS:
        return False
    words = [word for word in re.split(r"[^a-z]+", PurePosixPath(parts[0]).stem) if word]
    return bool(get_close_matches("session", words, cutoff=CLOSE))
