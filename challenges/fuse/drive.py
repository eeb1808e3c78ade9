"""Runs beside the untrusted library: poisoned, guarded buffers go in, what is in them comes back.

entry.xp is CuPy; entry.fused_softmax_topk takes three device addresses and rows, V, K;
entry.index_type is the output's integer type; entry.work_space() is how many bytes of device memory
it has asked for.
"""

import hashlib

import numpy as np

GUARD = 4096  # bytes on either side of each buffer
POISON = 0xA5  # as an int32 or int64 far out of range, as a float32 about -2.9e-16


class Guarded:
    """A device buffer between two guards. `fill` is None for poison, or the array to hold."""

    def __init__(self, xp, shape, dtype, fill=None):
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.size = int(np.prod(shape)) * self.dtype.itemsize
        self.raw = xp.full(self.size + 2 * GUARD, POISON, dtype=np.uint8)
        if fill is not None:
            self.inside[:] = xp.asarray(np.ascontiguousarray(fill)).view(np.uint8).ravel()

    @property
    def inside(self):
        """The bytes between the guards."""
        return self.raw[GUARD : GUARD + self.size]

    @property
    def address(self):
        """Where the bytes between the guards begin, on the device."""
        return self.raw.data.ptr + GUARD

    def host(self):
        """The buffer as an array of the host."""
        return self.inside.get().view(self.dtype).reshape(self.shape)

    def intact(self):
        """Whether both guards hold what they held."""
        return bool(
            (self.raw[:GUARD] == POISON).all() and (self.raw[GUARD + self.size :] == POISON).all()
        )


def drive(entry, call):
    """Return idx, probs, what became of the logits and the guards, and the work space in bytes."""
    reason = entry.refuses(int(call["K"]))
    if reason:
        return {"not_testable": reason}
    (rows, vocabulary), k = call["logits"].shape, int(call["K"])
    logits = Guarded(entry.xp, (rows, vocabulary), np.float32, call["logits"])
    idx = Guarded(entry.xp, (rows, k), entry.index_type)
    probs = Guarded(entry.xp, (rows, k), np.float32, np.full((rows, k), np.nan, np.float32))
    before = entry.work_space()
    entry.fused_softmax_topk(logits.address, idx.address, probs.address, rows, vocabulary, k)
    return {
        "idx": idx.host(),
        "probs": probs.host(),
        "logits_after": hashlib.sha256(logits.host().tobytes()).hexdigest(),
        "guards_intact": logits.intact() and idx.intact() and probs.intact(),
        "work_space": entry.work_space() - before,
    }
