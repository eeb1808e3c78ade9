"""Tiles and their scores."""

from __future__ import annotations

from typing import Iterator, Tuple

import numpy as np


def tile_ranges(length: int, tile_size: int) -> Iterator[Tuple[int, int]]:
    """(start, end) of each tile; the last one may be shorter."""
    for start in range(0, length, tile_size):
        yield start, min(start + tile_size, length)


def block_scores(q: np.ndarray, k: np.ndarray, qs: int, ks: int, causal: bool) -> np.ndarray:
    """Scaled scores of one block, -inf where a key lies in the future of the query."""
    s = np.einsum("bhqd,bhkd->bhqk", q, k) * q.dtype.type(q.shape[-1] ** -0.5)
    if causal and ks + k.shape[2] - 1 > qs:
        hidden = ks + np.arange(k.shape[2])[None, :] > qs + np.arange(q.shape[2])[:, None]
        s = np.where(hidden, -np.inf, s)
    return s
