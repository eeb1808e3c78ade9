"""The corpus and its split. Tokens are the bytes of ASCII text: no tokenizer has to be downloaded.

Paragraphs that differ in white space or capitals alone count as one, on one side of the split.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CORPUS = Path(__file__).parent / "corpus"
HELD_OUT_EACH = 10
VOCABULARY = 128


def key(paragraph: str) -> str:
    """What makes two paragraphs the same text."""
    return " ".join(paragraph.lower().split())


@cache
def split() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(training, held-out) paragraphs: every tenth distinct paragraph is held out."""
    texts = [file.read_text("ascii") for file in sorted(CORPUS.glob("*.txt"))]
    found = {key(paragraph): paragraph for text in texts for paragraph in text.split("\n\n")}
    found.pop("", None)
    distinct = list(found.values())
    held_out = tuple(distinct[HELD_OUT_EACH - 1 :: HELD_OUT_EACH])
    taken = set(held_out)
    return tuple(p for p in distinct if p not in taken), held_out


def tokens(paragraphs: tuple[str, ...]) -> NDArray[np.uint8]:
    """The bytes of the paragraphs, joined by blank lines."""
    return np.frombuffer("\n\n".join(paragraphs).encode("ascii"), dtype=np.uint8)
