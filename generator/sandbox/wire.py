"""The only language spoken between the judge and the sandboxed child: strict JSON plus raw arrays.

A frame is a fixed prefix (magic, header length, body length), a JSON header and the arrays' bytes
one after the other. Nothing is ever unpickled. Arrays are of kind b, i, u or f, native byte order
and at most eight bytes an item; anything else does not cross. Both ends use this module, so it
needs only NumPy and the standard library.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

PREFIX = struct.Struct("<4sIQ")
MAGIC = b"SBX1"
HEADER_CAP = 8 * 10**6
MAX_DIMS = 32
KINDS = "biuf"
DTYPES = frozenset(np.dtype(code).str for code in "?bBhHiIlLqQefd")


class ProtocolError(Exception):
    """The other end sent something that is not a frame, or more than was allowed."""


class NotSendable(TypeError):
    """A value that has no representation on the wire."""


def encode(value: Any, *, lenient: bool = False) -> list[bytes | memoryview]:
    """Turn a tree of dicts, lists, tuples, strings, numbers, None and arrays into one frame.

    Returns buffers to be written in order. lenient: replace what cannot be sent by a sentence that
    describes it (so that an odd result is judged as a wrong one); otherwise raise NotSendable.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    tree = _pack(value, arrays, lenient)
    described = [[a.dtype.str, list(a.shape)] for a in arrays]
    header = json.dumps({"tree": tree, "arrays": described}).encode()
    body = sum(a.nbytes for a in arrays)
    buffers = [memoryview(a.reshape(-1).view(np.uint8).data) for a in arrays if a.nbytes]
    return [PREFIX.pack(MAGIC, len(header), body), header, *buffers]


def size(frame: list[bytes | memoryview]) -> int:
    """The number of bytes of an encoded frame."""
    return sum(len(part) for part in frame)


def _pack(value: Any, arrays: list[np.ndarray[Any, Any]], lenient: bool) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (np.bool_, np.integer, float)):
        return value.item() if isinstance(value, np.generic) else float(value)
    if isinstance(value, (bool, int, str)):
        return _plain(value)
    if isinstance(value, np.floating):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and _fits(value.dtype):
        arrays.append(np.ascontiguousarray(np.asarray(value)).reshape(value.shape))
        return {"a": len(arrays) - 1}
    if isinstance(value, dict):
        return {"d": {str(k): _pack(v, arrays, lenient) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_pack(item, arrays, lenient) for item in value]
    if lenient:
        return f"not sendable: {_describe(value)}"
    raise NotSendable(_describe(value))


def _plain(value: bool | int | str) -> bool | int | str:
    """An instance of a subclass (an IntEnum, say) as the plain value."""
    return str.__str__(value) if isinstance(value, str) else int(value)


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array of dtype {value.dtype.str}, shape {value.shape}"
    return f"a value of type {type(value).__name__}"


def _fits(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in KINDS and dtype.itemsize <= 8 and dtype.isnative


class Reader:
    """Takes bytes as they come and yields whole frames, never holding more than `cap` bytes."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yield the decoded frames that `data` completes. Raises ProtocolError."""
        self._held += data
        while (end := self._end()) is not None:
            frame = self._held[:end]
            del self._held[:end]
            self._cap -= end
            yield _decode(frame)

    def _end(self) -> int | None:
        if len(self._held) < PREFIX.size:
            return None
        magic, header, body = PREFIX.unpack_from(self._held)
        if magic != MAGIC:
            raise ProtocolError("not a frame")
        end = PREFIX.size + int(header) + int(body)
        if header > HEADER_CAP or end > self._cap:
            raise ProtocolError(f"a frame of {end} bytes is over the limit")
        return end if len(self._held) >= end else None


def _decode(frame: bytearray) -> Any:
    _, length, _ = PREFIX.unpack_from(frame)
    start = PREFIX.size + length
    try:
        header = json.loads(frame[PREFIX.size : start])
        arrays = _arrays(header["arrays"], memoryview(frame)[start:])
        return _unpack(header["tree"], arrays)
    except ProtocolError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise ProtocolError(f"malformed frame: {type(error).__name__}") from error


def _arrays(described: Any, body: memoryview) -> list[np.ndarray[Any, Any]]:
    found, at = [], 0
    for name, shape in described:
        if name not in DTYPES:  # never ask NumPy what a hostile text means
            raise ProtocolError("an array of a dtype that is not allowed")
        dtype = np.dtype(name)
        if len(shape) > MAX_DIMS or any(type(n) is not int or n < 0 for n in shape):
            raise ProtocolError("an array with a shape that is not allowed")
        end = at + math.prod(shape) * dtype.itemsize
        if end > len(body):
            raise ProtocolError("array longer than its frame")
        found.append(np.frombuffer(body[at:end], dtype=dtype).reshape(shape).copy())
        at = end
    if at != len(body):
        raise ProtocolError("bytes left over")
    return found


def _unpack(tree: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(tree, str):
        return _writable(tree)
    if isinstance(tree, list):
        return [_unpack(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) != 1:
        raise ProtocolError("malformed tree")
    if "a" in tree:
        return arrays[_index(tree["a"])]
    if not isinstance(tree["d"], dict):
        raise ProtocolError("malformed tree")
    return {_writable(k): _unpack(v, arrays) for k, v in tree["d"].items()}


def _writable(text: str) -> str:
    """The text without lone surrogates, which JSON can carry and no file can."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ProtocolError("malformed tree")
    return value
