"""What a cache tells about itself: its length and its bytes."""

import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .calling import call
from .naming import indexes

LENGTHS = re.compile(r"len|pos|count|num_tokens|filled|offset|size")
MEMORY = re.compile(r"bytes|memory|footprint|mem_")


def length_names(owner):
    """Attributes and methods that may tell the length, the likeliest first."""
    names = [n for n in dir(owner) if LENGTHS.search(n.lower()) and not n.startswith("__")]
    bad = re.compile(
        r"max|size_|bytes|block|page|_size|mem|capacity|set_|advance|reset|update|new|free|head"
    )
    likely = [n for n in names if not bad.search(n.lower())]
    order = sorted(likely, key=lambda n: ("len" not in n.lower(), n.startswith("_"), n))
    return [*order, *(["__len__"] if hasattr(type(owner), "__len__") else [])]


def per_row(owner, name):
    """Whether a method tells the length of one row at a time."""
    value = getattr(owner, name)
    return callable(value) and "row" in indexes(value)


def told_by(owner, name, row, pieces):
    """A length told by an attribute or a method for the first layer and a row, or None."""
    known = {"layer": 0, "row": row, "num_layers": 0, "batch_size": row}
    try:
        value = getattr(owner, name)
        value = call(value, known, pieces) if callable(value) else value
        found = np.asarray(value)
    except Exception:
        return None
    return found if found.dtype.kind in "iu" and found.ndim <= 2 else None


def reported_bytes(owner, pieces):
    """A number of bytes; units of megabytes and the like are told by the name."""
    for name in sorted(
        dir(owner), key=lambda n: ("bytes" not in n, "alloc" not in n, "total" not in n, n)
    ):
        if (
            name.startswith("_")
            or not MEMORY.search(name)
            or re.search("per_|elem|format|dtype|peak|bandw", name)
        ):
            continue
        try:
            value = getattr(owner, name)
            value = call(value, {}, pieces) if callable(value) else value
        except Exception:
            continue
        numbers = value if isinstance(value, dict) else {"": value}
        for key in sorted(filter(lambda k: is_number(numbers[k]), numbers), key=likeliest):
            unit = unit_of(f"{name}_{key}")
            if unit is not None or isinstance(numbers[key], (int, np.integer)):
                return float(numbers[key]) * (unit or 1)
            raise NotTestable(f"{name} reports a fraction, in a unit that it does not name")
    raise NotTestable("it reports no memory")


def likeliest(key):
    """Sorts the items of a report: bytes before the rest, what is allocated before what is used."""
    text = str(key).lower()
    return not MEMORY.search(text), "alloc" not in text, "total" not in text, text


def unit_of(name):
    """The bytes in the unit that a name ends in: B, KB, MB or GB; None if it names none."""
    unit = re.search(r"(^|_)(bytes|kb|mb|gb|kib|mib|gib)(_|$)", name.lower())
    return {"b": 1, "k": 2**10, "m": 2**20, "g": 2**30}[unit[2][0]] if unit else None


def is_number(value):
    """A plain or NumPy number, not a truth value."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
