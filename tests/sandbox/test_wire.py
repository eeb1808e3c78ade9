"""Frames: what can cross comes back the same; whatever else arrives is refused, never executed."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from generator.sandbox import wire

ARRAYS = hnp.arrays(
    st.sampled_from(["f2", "f4", "f8", "i1", "i4", "i8", "u1", "u8", "?"]),
    hnp.array_shapes(min_dims=0, min_side=0),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def through(value: Any, *, lenient: bool = False, cap: int = 10**7) -> Any:
    """The value after it crossed, in pieces of 7 bytes."""
    data = b"".join(bytes(part) for part in wire.encode(value, lenient=lenient))
    reader = wire.Reader(cap)
    frames = [f for at in range(0, len(data), 7) for f in reader.feed(data[at : at + 7])]
    assert len(frames) == 1
    return frames[0]


def raw(tree: Any, arrays: Any = (), body: bytes = b"") -> bytes:
    """A frame as a hostile child might write it."""
    header = json.dumps({"tree": tree, "arrays": list(arrays)}).encode()
    return wire.PREFIX.pack(wire.MAGIC, len(header), len(body)) + header + body


def alike(a: Any, b: Any) -> bool:
    """Equality of trees, with arrays by dtype, shape and bytes."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return type(a) is type(b) and (a == b or (isinstance(a, float) and math.isnan(a + b)))


@given(TREES)
def test_round_trip(tree: Any) -> None:
    """Trees of numbers, texts and arrays arrive as they left, also bit patterns of NaN."""
    assert alike(through(tree), tree)


def test_views_and_scalars() -> None:
    """Strided views arrive as their values; NumPy scalars as numbers, narrow floats as arrays."""
    got = through(
        {"v": np.arange(6)[::-2], "i": np.int32(3), "d": np.float64(0.5), "f": np.float32(1)}
    )
    assert got["v"].tolist() == [5, 3, 1]
    assert (got["i"], got["d"]) == (3, 0.5)
    assert (got["f"].dtype, got["f"].shape) == (np.float32, ())


@pytest.mark.parametrize(
    "value",
    [
        np.array([object()]),
        np.array([1j]),
        np.array(["text"]),
        np.zeros(2, dtype=">f8"),
        np.zeros(2, dtype="f8,i4"),
        np.zeros(2, dtype=np.longdouble),
        np.array(["2020"], dtype="M8[Y]"),
        object(),
        {1, 2},
        b"bytes",
    ],
    ids=lambda value: str(getattr(value, "dtype", type(value).__name__)),
)
def test_unsendable(value: Any) -> None:
    """What has no place on the wire is described where that is wanted, and refused elsewhere."""
    assert through({"y": value}, lenient=True)["y"].startswith("not sendable: ")
    with pytest.raises(wire.NotSendable):
        wire.encode({"y": value})


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        raw({"a": 0}),
        raw({"a": -1}),
        raw({"a": True}),
        raw({"a": 0}, [["|O", [1]]], bytes(8)),
        raw({"a": 0}, [["<f8", [2]]], bytes(8)),
        raw({"a": 0}, [["<f8", [1]]], bytes(16)),
        raw({"a": 0}, [["<f8", [-1]]]),
        raw({"a": 0}, [["<f8", [2**62, 4, 0.5]]]),
        raw({"a": 0}, [["f8,f8", [1]]], bytes(16)),
        raw({"a": 0}, [["<f8", [1] * 40]], bytes(8)),
        raw({"a": 0}, [["f8," * 10**5 + "f8", [0]]]),
        raw({"a": 0}, [[["<f8"], [0]]]),
        raw({"x": 0, "y": 1}),
        raw({"q": 0}),
        raw({"d": 3}),
        wire.PREFIX.pack(wire.MAGIC, 2**31, 0) + b"x" * 64,
        wire.PREFIX.pack(wire.MAGIC, 2, 2**62) + b"x" * 64,
        wire.PREFIX.pack(wire.MAGIC, 200_000, 0) + b"[" * 200_000,
        wire.PREFIX.pack(wire.MAGIC, 5, 0) + b"\xff\xfe{}}",
        wire.PREFIX.pack(wire.MAGIC, 6000, 0) + b"9" * 6000,
    ],
)
def test_malformed(data: bytes) -> None:
    """A frame that is not one is a ProtocolError, whatever is wrong with it."""
    with pytest.raises(wire.ProtocolError):
        list(wire.Reader(10**6).feed(data))


@given(st.binary(max_size=200))
def test_noise(data: bytes) -> None:
    """Arbitrary bytes give frames, nothing yet, or a ProtocolError."""
    with contextlib.suppress(wire.ProtocolError):
        list(wire.Reader(10**6).feed(data))


def test_lone_surrogates() -> None:
    """Text that JSON can carry and no file can is mended on arrival, keys included."""
    got = through({"\ud800": ["a\udfff", "\u00e9"]})
    assert got == {"?": ["a?", "\u00e9"]}


def test_cap_counts_all_frames() -> None:
    """The cap bounds what is sent in total, not what is sent at once."""
    frame = b"".join(bytes(part) for part in wire.encode(np.zeros(100)))
    reader = wire.Reader(math.floor(len(frame) * 1.5))
    assert len(list(reader.feed(frame))) == 1
    with pytest.raises(wire.ProtocolError):
        list(reader.feed(frame))
