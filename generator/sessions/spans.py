"""The elements of one array of a JSON document, found without reading the document whole.

A session exported as one JSON document can be as large as any log, and can end half-way: opencode
once cut what it wrote into a pipe (anomalyco/opencode issue 14948).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

# A string that never ends is one token too: else each quotation mark in it is tried anew.
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[{}\[\]]', re.DOTALL)
ARRAY_DEPTH, ELEMENT_DEPTH = 2, 3


def elements(path: Path, key: str) -> Iterator[bytes]:
    """Each object in the array under `key` of the outermost object; a cut-off one too.

    Text before the document is passed over. Raises OSError; yields nothing where there is no array.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            start = data.find(b"{")
            if start >= 0:
                yield from found(data, start, f'"{key}"'.encode())


def found(data: mmap.mmap, begin: int, key: bytes) -> Iterator[bytes]:
    """The elements, by counting brackets outside strings; memory is that of one element."""
    depth, last, inside, start = 0, b"", False, -1
    for token in TOKENS.finditer(data, begin):
        first = data[token.start()]
        if first == ord('"'):
            last = token.group() if depth == 1 and token.end() - token.start() < 40 else b""
        elif first in b"{[":
            depth += 1
            if depth == ARRAY_DEPTH:
                inside = first == ord("[") and last == key
            elif depth == ELEMENT_DEPTH and inside and first == ord("{"):
                start = token.start()
        else:
            if depth == ELEMENT_DEPTH and start >= 0:
                yield data[start : token.end()]
                start = -1
            depth -= 1
            inside = inside and depth >= ARRAY_DEPTH
    if start >= 0:
        yield data[start : start + 1000]


def has(path: Path, key: str) -> bool:
    """Whether the document's first keys include `key`: looks at its beginning alone."""
    with path.open("rb") as file:
        head = file.read(200_000)
    return head.lstrip().startswith((b"{", b"Exporting session")) and f'"{key}"'.encode() in head
