"""Jinja's code for the templates, kept as Python keeps its own: in __pycache__/ beside them.

Each file starts with a digest of the code in it and of all that it was made from; where that does
not hold, the code is made anew.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from generator.cache import sha256
from generator.files import write
from generator.leftovers import sweep

GENERATOR = Path(__file__).resolve().parents[1]
FOLDER = GENERATOR / "render" / "templates" / "__pycache__"
# Constants in a template are filtered, escaped and so redacted when the template is compiled.
MADE_BY = ("render/env.py", "render/escape.py", "redact.py", "secret_rules.py", "words.py")


class Compiled(BytecodeCache):
    """Compiled templates in a folder."""

    def __init__(self, folder: Path = FOLDER):
        sources = b"".join((GENERATOR / name).read_bytes() for name in MADE_BY)
        sweep(folder)
        self._folder = folder
        self._made_by = f"{jinja2.__version__} {sys.version} {sha256(sources)}"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if that is there and whole."""
        with suppress(OSError):
            digest, _, code = (self._folder / bucket.key).read_bytes().partition(b"\n")
            if digest == self._digest(bucket, code):
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code, if it can and may be kept."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            if not sys.dont_write_bytecode:
                write(self._folder / bucket.key, self._digest(bucket, code) + b"\n" + code)

    def _digest(self, bucket: Bucket, code: bytes) -> bytes:
        """Of the code and of all that it is made from."""
        return sha256(f"{self._made_by} {bucket.checksum} ".encode() + code).encode()
