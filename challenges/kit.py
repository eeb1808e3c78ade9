"""What every kernel test shares: cases, seeded inputs, findings and the tolerance rule.

A kernel test runs in the parent process only. It draws inputs from a seed, hands them to a sandbox
that knows nothing else, and judges what comes back. What comes back is untrusted: every comparison
here treats it as possibly missing, misshapen, non-numeric or not finite.

The tolerance rule, per output row (the last axis):

    |got - ref|  <=  4 * E + 32 * u * max|ref|

where u is the unit roundoff of the declared dtype and E the largest of the honest errors: those of
trusted implementations that compute in the declared dtype, and the change of the float64 reference
when every input moves by a unit or so in the last place (forward error analysis: Higham, Accuracy
and Stability of Numerical Algorithms, 2nd ed., section 1.6). Inputs are moved several times, each
by an amount of its own, and the largest change counts: one draw, or equal steps, can cancel by
chance. Next to nothing is added for underflow, which a relative error does not describe.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Call = Mapping[str, Any]
Arrays = dict[str, NDArray[Any]]

BASELINE_FACTOR = 4.0
ROUNDOFF_FACTOR = 32.0
NUDGES = 4
LONGEST_DESCRIPTION = 160
UNDERFLOW_FACTOR = 1e6  # of the smallest normal number: 1e-32 in float32, nothing in float64


@dataclass(frozen=True)
class Case:
    """One input regime of a kernel test.

    check: the check of challenge.yaml that this case bears on.
    id: unique within the challenge and the same for every seed.
    calls: the inputs of successive calls, made in one process; arrays, numbers, strings, lists.
    """

    check: str
    id: str
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Finding:
    """One comparison within a case: what was compared, whether it held, and by which numbers."""

    name: str
    ok: bool
    error: float | None = None
    bound: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Oracle:
    """Float64 answers and the error allowed to each of their rows (arrays by output name)."""

    answer: Arrays
    allowed: Arrays


def rng(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the seed and the names alone, not on the order of the cases."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def single(call: Call) -> dict[str, Any]:
    """The call with every array in float32."""
    return {k: v.astype(np.float32) if isinstance(v, np.ndarray) else v for k, v in call.items()}


def unit_roundoff(dtype: Any) -> float:
    """Half the distance from 1 to the next number of this dtype (2**-24 for float32)."""
    return float(np.finfo(dtype).eps) / 2


def row_max(values: NDArray[Any]) -> NDArray[Any]:
    """max|values| along the last axis, kept as an axis of length one; scalars count as one row."""
    return np.max(np.abs(np.atleast_1d(values)), axis=-1, keepdims=True, initial=0.0)


def oracle(
    reference: Callable[..., Arrays],
    call: Call,
    *,
    baselines: Sequence[Callable[..., Arrays]] = (),
    dtype: Any = None,
) -> Oracle:
    """Answer a call in float64 and derive the error allowed to each row of each output.

    reference: called with the call's items as keyword arguments, floating arrays as float64.
    baselines: trusted implementations, called in the declared dtype; by default the reference.
    dtype: the declared dtype; by default that of the first floating array among the inputs.
    """
    declared = np.dtype(dtype or _declared_dtype(call))
    answer = reference(**_cast(call, np.float64))
    exact = _cast(call, np.float64)
    others = [honest(**_cast(call, declared)) for honest in baselines or (reference,)]
    others += [reference(**_nudge(exact, declared, draw)) for draw in range(NUDGES)]
    allowed = {
        name: BASELINE_FACTOR * np.max([row_max(other[name] - ref) for other in others], axis=0)
        + ROUNDOFF_FACTOR * unit_roundoff(declared) * row_max(ref)
        + UNDERFLOW_FACTOR * float(np.finfo(declared).tiny)
        for name, ref in answer.items()
    }
    return Oracle(answer, allowed)


def compare(name: str, got: Any, expected: Oracle) -> Finding:
    """Judge one returned output against the oracle: shape, finiteness, then error row by row."""
    ref, allowed = np.atleast_1d(expected.answer[name]), expected.allowed[name]
    values = as_float(got)
    if values is None:
        return Finding(name, False, detail=f"not a numeric array: {describe(got)}")
    values = np.atleast_1d(values)
    if values.shape != ref.shape:
        return Finding(name, False, detail=f"shape {values.shape}, expected {ref.shape}")
    if not np.isfinite(values).all():
        return Finding(name, False, detail=f"{int((~np.isfinite(values)).sum())} values not finite")
    error = row_max(values - ref)
    ratio = error / np.maximum(allowed, np.finfo(np.float64).tiny)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    failed = int((~(error <= allowed)).sum())  # also where a bound is not a number
    detail = f"{failed} of {error.size} rows outside the bound" if failed else ""
    return Finding(name, failed == 0, float(error[worst]), float(allowed[worst]), detail)


def compare_all(
    reference: Callable[..., Arrays],
    call: Call,
    got: Any,
    names: Sequence[str],
    *,
    baselines: Sequence[Callable[..., Arrays]] = (),
) -> list[Finding]:
    """Judge several outputs of one call; each in the declared dtype, or in float32 if returned so.

    An output that answers float64 inputs in float32 is held to float32 accuracy, and the finding
    says so; nothing coarser than float32 is accepted.
    """
    items = got if isinstance(got, Mapping) else {}
    oracles: dict[Any, Oracle] = {}
    findings = []
    for name in names:
        dtype = _judged_dtype(call, items.get(name))
        if dtype not in oracles:
            oracles[dtype] = oracle(reference, call, baselines=baselines, dtype=dtype)
        finding = compare(name, items.get(name), oracles[dtype])
        if dtype != _declared_dtype(call):
            finding = replace(finding, detail=f"judged as {dtype} {finding.detail}".strip())
        findings.append(finding)
    return findings


def same(name: str, got: Any, expected: Any) -> Finding:
    """Judge a result that must match exactly: integers, booleans, strings, or arrays bit by bit."""
    if isinstance(expected, np.ndarray):
        ok = isinstance(got, np.ndarray) and got.shape == expected.shape
        ok = ok and bool(np.array_equal(got, expected))
    else:
        ok = type(got) is type(expected) and bool(got == expected)
    detail = "" if ok else f"got {describe(got)}, expected {describe(expected)}"
    return Finding(name, ok, detail=detail)


def ratio(name: str, used: Any, unit: Any, limit: float) -> Finding:
    """One measured number over another (bytes, seconds), against a limit; both are untrusted."""
    top, bottom = as_float(used), as_float(unit)
    if top is None or bottom is None or top.ndim or bottom.ndim or bottom <= 0:
        return Finding(name, False, detail="not measured")
    value = float(top / bottom)
    return Finding(name, value <= limit, value, limit)


def as_float(value: Any) -> NDArray[np.float64] | None:
    """The value as a float64 array, or None where it is not numeric or is complex or boolean."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value.astype(np.float64)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return np.asarray(value, dtype=np.float64)
        except OverflowError:  # an integer beyond float64 is no number to compare
            return None
    return None


def describe(value: Any) -> str:
    """A short, safe description of an untrusted value, however much it holds."""
    text = ""
    for piece in _written(value):
        text += piece
        if len(text) > LONGEST_DESCRIPTION:
            return text[: LONGEST_DESCRIPTION - 3] + "..."
    return text


def _written(value: Any) -> Iterator[str]:
    """The text of a value, a piece at a time: nothing is written that nobody reads."""
    if isinstance(value, np.ndarray):
        yield f"array of shape {value.shape}, {value.dtype}"
    elif isinstance(value, (list, dict)):
        yield "[" if isinstance(value, list) else "{"
        for place, item in enumerate(value):
            yield ", " if place else ""
            if isinstance(value, dict):
                yield f"{item!r}: "
            yield from _written(value[item] if isinstance(value, dict) else item)
        yield "]" if isinstance(value, list) else "}"
    else:
        yield repr(value)


def _declared_dtype(call: Call) -> Any:
    kinds = (v.dtype for v in call.values() if isinstance(v, np.ndarray) and v.dtype.kind == "f")
    return next(kinds, np.dtype(np.float64))


def _judged_dtype(call: Call, value: Any) -> Any:
    """Float32 where that is what came back for float64 inputs, else the dtype of the inputs."""
    declared = _declared_dtype(call)
    narrow = isinstance(value, np.ndarray) and value.dtype == np.float32
    return np.dtype(np.float32) if narrow and declared == np.float64 else declared


def _cast(call: Call, dtype: Any) -> dict[str, Any]:
    return {k: v.astype(dtype) if _floating(v) else v for k, v in call.items()}


def _nudge(call: Call, declared: Any, seed: int) -> dict[str, Any]:
    """Move every floating input by up to two units in the last place, as the seed has it."""
    draw = np.random.default_rng(seed)
    step = 2 * unit_roundoff(declared)
    return {
        k: v * (1 + step * draw.uniform(-2, 2, size=v.shape)) if _floating(v) else v
        for k, v in call.items()
    }


def _floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"
