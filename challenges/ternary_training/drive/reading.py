"""What a result holds, and the error for what an interface cannot say."""

import mlx.core as mx
import numpy as np

GROUP = 128
mx.disable_compile()  # it would start a C++ compiler, which takes longer than it saves here


class CannotExpress(Exception):
    """The output's interface has no way to do what the call asks."""


def parts_of(made):
    """The parts of a result, whether one value, a sequence or a mapping."""
    if isinstance(made, dict):
        return list(made.values())
    return list(made) if isinstance(made, (tuple, list)) else [made]


def first_array(made):
    """The first array in a result."""
    return next(part for part in parts_of(made) if isinstance(part, mx.array))


def numeric(value):
    """An MLX array as NumPy, half precisions (bfloat16 is unknown to NumPy) as float32."""
    if not isinstance(value, mx.array):
        return value
    return np.array(value.astype(mx.float32) if value.dtype in (mx.bfloat16, mx.float16) else value)
