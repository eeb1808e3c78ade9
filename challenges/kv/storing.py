"""Cases and judges of the cache itself: what it holds, and what it does when it is full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from challenges.kit import Case, Finding, describe, rng, same
from challenges.kv import reference
from challenges.kv.numbers import Array, Call, Inputs, config, near, real_lengths

QUANTISED_ERROR = 0.02  # of the largest magnitude: five steps of 8 bits, signed and symmetric


def cache_cases(seed: int) -> Iterator[Case]:
    """Keys and values written raw, in chunks, and read back."""

    def one(name: str, check: str, chunks: Sequence[int], **options: Any) -> Case:
        return Case(check, name, (store_call(rng(seed, name), chunks, **options),))

    holds, unequal = "cache_holds_what_was_written", np.array([[3, 1, 2], [1, 1, 0], [0, 2, 1]])
    yield one("store_steps", holds, [1] * 6)
    yield one("store_chunks", holds, [4, 1, 3], dtype="float32")
    yield one("store_float64", holds, [5, 1], heads=1, dim=7, scale=1e3)
    yield one("store_layers", "several_layers_end_to_end", [1] * 4, layers=3, slack=12)
    yield one("store_full", holds, [8, 1, 1], slack=0, batch=2, heads=3)
    yield one("store_square", holds, [4], batch=4, heads=4, dim=4, slack=0)
    yield one("store_unequal", "variable_lengths_in_batch", [3, 1, 2], lengths=unequal)
    yield one("store_reused_buffer", "inputs_are_left_alone", [1, 2, 1], inputs=True)
    told = "lengths_are_reported"
    yield one("lengths_empty", told, [], report=True)
    yield one("lengths_steps", told, [1, 1, 1], report=True)
    yield one("lengths_chunks", told, [4, 1], report=True, batch=1)
    yield one(
        "lengths_unequal", "variable_lengths_in_batch", [3, 1, 2], lengths=unequal, report=True
    )


def store_call(
    draw: np.random.Generator,
    chunks: Sequence[int],
    *,
    kind: str = "plain",
    batch: int = 3,
    heads: int = 2,
    dim: int = 5,
    layers: int = 1,
    slack: int = 4,
    scale: Any = 1.0,
    dtype: str = "float64",
    lengths: Array | None = None,
    block_size: int = 16,
    report: bool = False,
    inputs: bool = False,
    op: str = "store",
) -> Call:
    """Keys and values k, v of shape (L, B, H, N, d)."""
    shape = (layers, batch, heads, sum(chunks), dim)
    return {
        "op": op,
        "kind": kind,
        **config(batch, sum(chunks) + slack, heads, dim, layers, dtype),
        "chunks": list(chunks),
        "lengths": lengths,
        "report": report,
        "inputs": inputs,
        "block_size": block_size,
        "k": (draw.standard_normal(shape) * scale).astype(dtype),
        "v": (draw.standard_normal(shape) * scale).astype(dtype),
    }


def judge_store(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """Contents bit by bit (for a quantised cache, within its bound), or the reported lengths."""
    if got.get("raised"):
        yield Finding("no exception", False, detail=describe(got["raised"]))
        return
    if call["report"]:
        yield same("lengths", got.get("lengths"), real_lengths(call).sum(axis=0))
        return
    if call["inputs"]:
        yield same("arguments written to", got.get("changed"), [])
    valid = reference.valid_positions(call["chunks"], call["lengths"], call["batch_size"])
    for name, layer, row, written in rows_of(call):
        expected = written[:, valid[row]]
        bound = (
            QUANTISED_ERROR * float(np.abs(call[name]).max())
            if call["kind"] == "quantised"
            else None
        )
        yield near(
            f"{name} of layer {layer}, row {row}", got.get(f"{name}_{layer}_{row}"), expected, bound
        )


def rows_of(call: Inputs) -> Iterator[tuple[str, int, int, Array]]:
    """Everything written: name, layer, row, (H, N, d)."""
    for name in ("k", "v"):
        for layer in range(call["num_layers"]):
            for row in range(call["batch_size"]):
                yield name, layer, row, call[name][layer, row]


def overflow_cases(seed: int) -> Iterator[Case]:
    """The last chunk does not fit: `slack` is minus the number of tokens too many.

    In the last case it does fit: the row that is full gets nothing but padding.
    """

    def one(name: str, chunks: Sequence[int], slack: int, **options: Any) -> Case:
        call = store_call(rng(seed, name), chunks, slack=slack, op="overflow", **options)
        return Case("write_past_capacity_is_an_error", name, (call,))

    yield one("one_token_too_many", [5, 1], -1)
    yield one("steps_one_too_many", [1] * 5, -1, batch=2)
    yield one("chunk_too_long", [4, 3], -2)
    yield one("chunk_one_too_many", [3, 2], -1, heads=3)
    yield one("one_row_too_long", [4, 1], -1, lengths=np.array([[2, 4, 1], [1, 1, 1]]))
    full = one("one_row_full", [4, 1], -1, lengths=np.array([[2, 4, 1], [1, 0, 1]]))
    yield replace(full, check="variable_lengths_in_batch")


def judge_overflow(call: Inputs, got: Inputs) -> Iterator[Finding]:
    """An exception, or a cache that has grown; either way what was held before is still held.

    Where every row has room for its own tokens, an exception is wrong.
    """
    valid = reference.valid_positions(call["chunks"], call["lengths"], call["batch_size"])
    before = sum(call["chunks"][:-1])
    room = bool((real_lengths(call).sum(axis=0) <= call["max_seq_len"]).all())
    refused = isinstance(got.get("raised"), str) and got["raised"] != "" and not room
    kept, grown = [], []
    for name, layer, row, written in rows_of(call):
        value = got.get(f"{name}_{layer}_{row}")
        whole, old = written[:, valid[row]], written[:, :before][:, valid[row, :before]]
        found = (
            value[:, : old.shape[1]] if isinstance(value, np.ndarray) and value.ndim == 3 else value
        )
        kept.append(near(f"{name} of layer {layer}, row {row}", found, old))
        grown.append(near(name, value, whole).ok)
    yield Finding(
        "held in full" if room else "refused, or held in full",
        refused or all(grown),
        detail=describe(got.get("raised")),
    )
    yield from kept
