"""Batched, preallocated key/value cache with a length per sequence."""

from typing import Optional, Tuple

import numpy as np


class KVCache:
    """Keys and values of one layer, (batch, kv_heads, max_seq_len, head_dim)."""

    def __init__(
        self,
        batch_size: int,
        num_kv_heads: int,
        head_dim: int,
        max_seq_len: int,
        dtype: type = np.float16,
    ) -> None:
        self.batch_size = batch_size
        self.num_kv_heads = num_kv_heads
        self.head_dim = head_dim
        self.max_seq_len = max_seq_len
        shape = (batch_size, num_kv_heads, max_seq_len, head_dim)
        self.keys = np.zeros(shape, dtype=dtype)
        self.values = np.zeros(shape, dtype=dtype)
        self.lengths = np.zeros(batch_size, dtype=np.int64)

    def update(
        self,
        new_keys: np.ndarray,
        new_values: np.ndarray,
        seq_lens: Optional[np.ndarray] = None,
    ) -> None:
        """
        Append new tokens.

        new_keys, new_values: (batch, kv_heads, t, head_dim)
        seq_lens: how many of the t tokens are real in each sequence; all of them by default.
        """
        t = new_keys.shape[2]
        counts = np.full(self.batch_size, t) if seq_lens is None else np.asarray(seq_lens)
        if np.any(self.lengths + counts > self.max_seq_len):
            raise ValueError("KV cache overflow")
        for b in range(self.batch_size):
            start, n = self.lengths[b], counts[b]
            self.keys[b, :, start:start + n] = new_keys[b, :, :n]
            self.values[b, :, start:start + n] = new_values[b, :, :n]
        self.lengths = self.lengths + counts

    def get(self, batch_idx: int) -> Tuple[np.ndarray, np.ndarray]:
        """Keys and values of one sequence, (kv_heads, length, head_dim)."""
        n = self.lengths[batch_idx]
        return self.keys[batch_idx, :, :n], self.values[batch_idx, :, :n]

    def get_batch(self) -> Tuple[np.ndarray, np.ndarray]:
        """Keys and values of the batch up to the longest sequence."""
        n = int(self.lengths.max())
        return self.keys[:, :, :n], self.values[:, :, :n]

    @property
    def memory_allocated_bytes(self) -> int:
        return self.keys.nbytes + self.values.nbytes

    @property
    def memory_used_bytes(self) -> int:
        per_token = 2 * self.num_kv_heads * self.head_dim * self.keys.itemsize
        return int(self.lengths.sum()) * per_token

    def reset(self) -> None:
        self.lengths[:] = 0
