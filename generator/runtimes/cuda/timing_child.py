"""Timings inside the child, by CUDA events: fresh inputs, a flushed cache, medians and quartiles.

The read roof (challenges/fuse/roof.cu) is measured in the same process, on the same buffers.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

REPEATS = 31
INPUTS = 3  # buffers in rotation, each refilled with new numbers before it is timed
FLUSH = 512 * 2**20  # bytes read before each repeat; more than any L2 cache
ROOF_BYTES = 4 * 2**30
ROOF_GRIDS = (1, 2, 3, 4)
BLOCK = 2**25
BASELINE_REPEATS = 11


def measure(entry: Any, job: dict[str, Any], baselines: Callable[..., Any]) -> dict[str, Any]:
    """Times in milliseconds for every shape. job: shapes and the roof's library.

    baselines: what to time beside the kernel, a function of CuPy and K giving callables by name.

    Returns {"roof": ..., "shapes": [{"rows", "V", "K", "bytes", "roof", "kernel", ...}]}.
    """
    roof = ctypes.CDLL(job["roof"])
    flush = flusher(entry.xp, roof)
    large = large_roof(entry.xp, roof, flush)
    shapes = [shape(entry, roof, flush, tuple(size), baselines) for size in job["shapes"]]
    return {"roof": large, "shapes": shapes}


def shape(
    entry: Any, roof: Any, flush: Any, size: tuple[int, int, int], baselines: Callable[..., Any]
) -> dict[str, Any]:
    """One shape: the roof on these very bytes, the kernel, and what else was asked for."""
    (rows, v, k), xp = size, entry.xp
    reason = entry.refuses(k)
    found = {"rows": rows, "V": v, "K": k, "bytes": rows * (4 * v + (4 + entry.index_bytes) * k)}
    if reason:
        return {**found, "refused": reason}
    inputs = [xp.empty((rows, v), dtype=np.float32) for _ in range(INPUTS)]
    idx = xp.empty((rows, k), dtype=entry.index_type)
    probs = xp.empty((rows, k), dtype=np.float32)

    def kernel(x: Any) -> None:
        entry.enqueue(x.data.ptr, idx.data.ptr, probs.data.ptr, rows, v, k)

    found["roof"] = best_roof(xp, roof, flush, inputs)
    found["kernel"] = timed(xp, kernel, inputs, flush, REPEATS)
    for name, call in baselines(xp, k).items():
        found[name] = timed(xp, call, inputs, flush, BASELINE_REPEATS)
    return found


def flusher(xp: Any, roof: Any) -> Callable[[], None]:
    """A function that fills the cache with lines of a buffer of its own, all of them clean."""
    buffer, total = xp.zeros(FLUSH // 4, dtype=np.float32), xp.zeros(1, dtype=np.float32)

    def flush() -> None:
        roof.read_roof(address(buffer), ctypes.c_longlong(buffer.size), address(total), 2, None)

    return flush


def large_roof(xp: Any, roof: Any, flush: Any) -> dict[str, Any]:
    """Bytes per second of reading 4 GiB once, with the best of a few grid sizes."""
    size = min(ROOF_BYTES, int(xp.cuda.runtime.memGetInfo()[0]) // 4)
    inputs = [xp.empty(size // 4, dtype=np.float32)]
    return {**best_roof(xp, roof, flush, inputs), "bytes": inputs[0].nbytes}


def best_roof(xp: Any, roof: Any, flush: Any, inputs: list[Any]) -> dict[str, Any]:
    """The fastest way to read the inputs, among a few grid sizes."""
    total = xp.zeros(1, dtype=np.float32)

    def read(grid: int) -> dict[str, Any]:
        def once(x: Any) -> None:
            count = ctypes.c_longlong(x.size // 4 * 4)
            status = roof.read_roof(address(x), count, address(total), grid, None)
            assert status == 0, f"read_roof: status {status}"

        return timed(xp, once, inputs, flush, REPEATS)

    return min((read(grid) for grid in ROOF_GRIDS), key=lambda times: times["median_ms"])


def address(array: Any) -> ctypes.c_void_p:
    """A device address as C takes it."""
    return ctypes.c_void_p(array.data.ptr)


def timed(
    xp: Any, call: Callable[[Any], object], inputs: list[Any], flush: Any, repeats: int
) -> dict[str, Any]:
    """Median and quartiles of `repeats` calls after one for warming up on every input.

    A pass over the flush buffer stands between the refill and each call. It is long enough for the
    host to queue the call meanwhile, so that what is timed is the device and not the launch; and it
    only reads, so that no write-back of its lines competes with what is timed.
    """
    for x in inputs:
        refill(xp, x)
        call(x)
    times = []
    for i in range(repeats):
        x = inputs[i % len(inputs)]
        refill(xp, x)
        flush()
        start, end = xp.cuda.Event(), xp.cuda.Event()
        start.record()
        call(x)
        end.record()
        end.synchronize()
        times.append(xp.cuda.get_elapsed_time(start, end))
    q1, median, q3 = np.quantile(times, (0.25, 0.5, 0.75))
    return {"median_ms": float(median), "q1_ms": float(q1), "q3_ms": float(q3), "n": repeats}


def refill(xp: Any, x: Any) -> None:
    """Normal numbers in place, never seen before, a block at a time so that no copy is needed."""
    flat = x.ravel()
    for begin in range(0, flat.size, BLOCK):
        part = flat[begin : begin + BLOCK]
        part[...] = xp.random.standard_normal(part.size, dtype=np.float32)
