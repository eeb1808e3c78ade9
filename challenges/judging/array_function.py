"""What the kernel tests of a function of arrays share: values, side effects, repeated calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.kit import (
    Arrays,
    Case,
    Finding,
    Oracle,
    as_float,
    compare_all,
    describe,
    oracle,
    same,
)

Got = list[dict[str, Any]]


@dataclass(frozen=True)
class ArrayFunction:
    """A function under test, and the trusted answers to a call of it.

    reference, baseline: see kit.oracle. inputs: the names of the arrays in a call; settings: of its
    other items that the reference takes. outputs: what is judged unless a check judges less.
    """

    reference: Callable[..., Arrays]
    baseline: Callable[..., Arrays]
    inputs: tuple[str, ...]
    settings: tuple[str, ...]
    outputs: tuple[str, ...]

    def numbers(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a call that the reference takes."""
        return {name: call[name] for name in (*self.inputs, *self.settings)}

    def expected(self, call: Mapping[str, Any], came_back: Any) -> Oracle:
        """The oracle for an array: in float32 if that is what came back, else as the inputs are."""
        narrow = np.float32 if came_back.dtype == np.float32 else None
        numbers = self.numbers(call)
        return oracle(self.reference, numbers, baselines=(self.baseline,), dtype=narrow)

    def values(self, case: Case, got: Got, names: Sequence[str] = ()) -> list[Finding]:
        """Every call's outputs, all or those named, against the reference."""
        pairs = zip(case.calls, got, strict=True)
        return [f for call, items in pairs for f in self.judged(call, items, names)]

    def judged(
        self, call: Mapping[str, Any], items: dict[str, Any], names: Sequence[str] = ()
    ) -> list[Finding]:
        """The outputs of one call against the reference."""
        numbers, wanted = self.numbers(call), names or self.outputs
        return compare_all(self.reference, numbers, items, wanted, baselines=(self.baseline,))

    def inputs_unchanged(self, case: Case, got: Got) -> list[Finding]:
        """The arrays passed in hold what they held, bit by bit."""
        call, after = case.calls[0], got[0]
        return [same(name, after.get(f"{name}_after"), call[name]) for name in self.inputs]

    def deterministic(self, case: Case, got: Got) -> list[Finding]:
        """Answers of the right shape, the later ones equal to the first bit by bit.

        Whether they are right is for the checks of values.
        """
        wanted = self.reference(**self.numbers(case.calls[0]))
        return [
            equal_bits(name, later.get(name), got[0].get(name), wanted[name].shape)
            for later in got[1:]
            for name in self.outputs
        ]


def equal_bits(name: str, later: Any, first: Any, shape: tuple[int, ...]) -> Finding:
    """Whether two answers are numeric arrays of this shape with the same bits, NaN or not."""
    ok = numeric(first, shape) is not None and numeric(later, shape) is not None
    ok = ok and later.dtype == first.dtype and later.tobytes() == first.tobytes()
    return Finding(name, ok, detail="" if ok else f"got {describe(later)}, first {describe(first)}")


def unanswered(case: Case, got: Got) -> list[Finding]:
    """A finding that fails where not every call has an answer, else none."""
    if len(got) == len(case.calls):
        return []
    return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]


def within(name: str, error: Any, bound: Any) -> Finding:
    """Errors, which may be no numbers, each against its bound; the worst is told."""
    worst = int(np.argmax(np.where(np.isfinite(error), error / bound, np.inf)))
    ok = bool((error <= bound).all())
    return Finding(name, ok, float(error.flat[worst]), float(bound.flat[worst]))


def numeric(value: Any, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """What came back as float64 where it is a numeric array of this shape, else None."""
    values = as_float(value)
    return values if values is not None and values.shape == shape else None
