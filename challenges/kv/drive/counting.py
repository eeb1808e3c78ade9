"""Operations counted, by arrays that count multiply-adds and by bytecodes."""

import sys

import numpy as np


class Counted(np.ndarray):
    """An array that counts the multiply-adds of every product it takes part in."""

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [plainly(value) for value in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(plainly(value) for value in kwargs["out"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Counted.total += result.size * plain[0].shape[-1]
        else:
            Counted.total += max((np.size(value) for value in plain), default=0)
        return counted(result)

    def __array_function__(self, function, types, args, kwargs):
        if function in (np.dot, np.inner, np.tensordot, np.einsum):
            Counted.total += multiply_adds(function, args)
        result = function(*map(plainly, args), **{k: plainly(v) for k, v in kwargs.items()})
        return counted(result)


def plainly(value):
    """The value with every counted array, in lists and tuples too, as a plain array."""
    if isinstance(value, (list, tuple)):
        return type(value)(plainly(item) for item in value)
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def counted(value):
    """The value as a counted array, where it is a floating array."""
    floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.view(Counted) if floating else value


def multiply_adds(function, args):
    """At least the size of the largest operand times what it is contracted with."""
    arrays = [plainly(value) for value in args if isinstance(value, np.ndarray)]
    if function is np.einsum and isinstance(args[0], str):
        terms = args[0].replace(" ", "").split("->")[0].split(",")
        sizes = {}
        for term, array in zip(terms, arrays, strict=False):
            sizes.update(zip(term.replace("...", "")[::-1], array.shape[::-1], strict=False))
        return int(np.prod([float(size) for size in sizes.values()]))
    if len(arrays) < 2:
        return sum(array.size for array in arrays)
    return arrays[0].size * arrays[1].shape[-1]


def count_bytecodes(action, *arguments):
    """Python instructions executed by a call: the work of plain loops, whatever the machine."""
    total = 0

    def trace(frame, event, _argument):
        nonlocal total
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        total += event == "opcode"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        action(*arguments)
    finally:
        sys.settrace(previous)
    return total
