"""Weights that tell one rule of projection from another, drawn from a seed.

They are drawn away from ties, where codes would hang on rounding; ties have a check of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import rng
from challenges.ternary_training import reference

Array = NDArray[Any]

GROUP = reference.GROUP
TIE_MARGIN = 4e-3
SHAPES = ((1, 128), (3, 256), (7, 384), (130, 128), (5, 1280))


def away_from_ties(weight: Array, margin: float = TIE_MARGIN) -> Array:
    """Shrink weights that lie within a fraction of half their group's scale until none is left."""
    result = weight.astype(np.float64)
    for _ in range(200):
        near = np.abs(np.abs(result) - reference.scales(result) / 2) < margin * reference.scales(
            result
        )
        if not near.any():
            break
        result[near] *= 1 - 3 * margin
    return result.astype(np.float32)


def weights(seed: int, name: str, shape: tuple[int, int], size: float = 1.0) -> Array:
    """Normal weights of a standard deviation, none of them near a tie."""
    return away_from_ties(rng(seed, name).normal(0, size, shape))


def regimes(seed: int) -> Iterator[tuple[str, Array]]:
    """Names and weights: shapes around the block size, and distributions that tell rules apart."""
    for shape in SHAPES:
        yield f"shape_{shape[0]}x{shape[1]}", weights(seed, f"shape{shape}", shape)
    yield "like_an_initialisation", weights(seed, "init", (6, 256), 0.02)
    # Far enough from ties for an epsilon of 1e-5 in the scale, not for a floor of 1e-3 under it.
    yield "times_0.001", away_from_ties(rng(seed, "small").normal(0, 1e-3, (6, 256)), 0.03)
    yield "times_1000", weights(seed, "large", (6, 256), 1000.0)
    draw = rng(seed, "regimes")
    row_sizes = 10.0 ** draw.uniform(-1, 3, (9, 1))
    yield "a_size_for_each_row", away_from_ties(row_sizes * draw.normal(size=(9, 256)))
    group_sizes = np.repeat(10.0 ** draw.uniform(-1, 3, (4, 5)), GROUP, axis=1)
    yield "a_size_for_each_group", away_from_ties(group_sizes * draw.normal(size=(4, 640)))
    yield "heavy_tails", away_from_ties(draw.standard_t(1.5, (6, 384)))
    yield "all_of_one_sign", away_from_ties(np.abs(draw.normal(size=(4, 256))))
    yield "far_from_zero", (draw.normal(size=(4, 256)) + 1000).astype(np.float32)
    yield "equal_magnitudes", (0.25 * draw.choice([-1, 1], (4, 256))).astype(np.float32)


def sparse_groups(seed: int) -> Array:
    """Groups in which 1, 5 or 40 of 128 weights are not zero, and skewed ones."""
    draw = rng(seed, "sparse")
    result = np.zeros((4, 256))
    for row, count in zip(result, (1, 5, 40), strict=False):
        for columns in reference.groups(256):
            at = draw.choice(GROUP, count, replace=False) + columns.start
            row[at] = draw.choice([-1, 1], count) * draw.uniform(0.5, 4, count)
    result[3] = draw.choice([-1, 1], 256) * draw.exponential(1.0, 256) ** 3
    return away_from_ties(result)


def two_sizes(seed: int) -> Array:
    """Groups of small and large weights: the mean is far from the median and the maximum."""
    draw = rng(seed, "two")
    sizes = np.where(draw.random((5, 256)) < 0.8, 1.0, 9.0)
    return away_from_ties(sizes * draw.choice([-1, 1], (5, 256)) * draw.uniform(0.9, 1.1, (5, 256)))


def with_zero_groups(seed: int) -> Array:
    """Weights in which every other group is zero."""
    weight = weights(seed, "zeros", (3, 512))
    weight[:, 128:256] = 0
    weight[1, 384:] = 0
    return weight


def tied(seed: int, shift: float) -> Array:
    """Groups of scale 1 exactly, in which half of the weights lie at 0.5 + shift, either sign."""
    draw = rng(seed, "ties")
    low = np.full(GROUP // 2, 0.5 + shift)
    group = np.concatenate([low, 2 - low])
    rows = [draw.permutation(group) * draw.choice([-1, 1], GROUP) for _ in range(6)]
    return np.array(rows).reshape(3, 256).astype(np.float32)


def bfloat16(values: Array) -> Array:
    """Float32 values cut to the eight significant bits that bfloat16 holds."""
    return (values.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)
