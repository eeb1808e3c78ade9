"""Arrays in layouts that are not known beforehand."""

import numpy as np

AXES = {2: "b", 3: "h", 5: "d", 7: "l", 15: "D"}
LAYOUTS = ("bhtd", "bthd", "bhd", "btD", "bD")
ROW_LAYOUTS = ("htd", "thd", "hd", "tD", "D")
HEAD_LAYOUTS = ("td", "d")


def laid_out(array, layout, row=None, head=None):
    """(B, H, T, d) in another layout; without t for a single token, D for the heads merged.

    row: that row alone, as a batch of one where the layout has an axis for it.
    """
    axes = "bhtd"
    if row is not None and "b" in layout:
        array = array[row : row + 1]
    for axis, index in (("b", row), ("h", head)):
        if axis not in layout and not (axis == "h" and "D" in layout):
            array, axes = array.take(index, axes.index(axis)), axes.replace(axis, "")
    if "t" not in layout:
        array, axes = array.take(0, axes.index("t")), axes.replace("t", "")
    order = layout.replace("D", "hd")
    array = array.transpose([axes.index(axis) for axis in order])
    return array.reshape(*array.shape[:-2], -1) if "D" in layout else array


def axes_of(shape):
    """The layout of a result, told by the sizes used when trying; None if it cannot be told."""
    named = "".join(AXES.get(size, "t") for size in shape)
    fine = len(set(named)) == len(named) and ("d" in named or "D" in named)
    return named if fine else None


def restored(array, layout, heads):
    """A result back as (B, H, T, d), or without b where the layout has none."""
    array = np.asarray(array)
    if "D" in layout:
        at = layout.index("D")
        array = array.reshape(*array.shape[:at], heads, -1, *array.shape[at + 1 :])
        layout = layout.replace("D", "hd")
    for missing in "ht":
        if missing not in layout:
            array, layout = array[None], missing + layout
    order = [layout.index(axis) for axis in "bhtd" if axis in layout]
    return array.transpose(order)


def split(x, heads):
    """(B, T, D) -> (B, H, T, d)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def arrays_in(result):
    """The numeric arrays in what was returned: the result itself, or the items of a container."""
    if isinstance(result, dict):
        result = list(result.values())
    whole = None if isinstance(result, tuple) else array_of(result)
    if whole is None and isinstance(result, (tuple, list)):
        return [a for a in map(array_of, result) if a is not None]
    return [] if whole is None else [whole]


def array_of(value):
    """The value as a floating array of one axis or more, or None."""
    try:
        found = np.asarray(value)
    except ValueError:
        return None
    return found if found.dtype.kind in "fiu" and found.ndim else None
