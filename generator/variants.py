"""What the names of files say of one output's versions."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

VERSION = re.compile(r"(?:^|_)v(?:ersion)?_?(\d{1,3})$")
UNNUMBERED = 1000  # above all that three digits can say


def version(file: str) -> int:
    """2 of kernel_v2.py; the latest is the largest, and a file without a number later than all."""
    numbered = VERSION.search(stem(file).lower())
    return int(numbered[1]) if numbered else UNNUMBERED


def stem(file: str) -> str:
    """The name of a file without its folder and ending."""
    return PurePosixPath(file).stem
