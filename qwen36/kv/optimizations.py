"""Two ways to make the cache smaller: pages allocated on demand, and 8-bit storage."""

from typing import Dict, List, Tuple

import numpy as np


class PagedKVCache:
    """Blocks of `block_size` tokens from a shared pool; each sequence has a block table."""

    def __init__(
        self,
        num_blocks: int,
        block_size: int,
        num_kv_heads: int,
        head_dim: int,
        dtype: type = np.float32,
    ) -> None:
        self.block_size = block_size
        self.num_kv_heads = num_kv_heads
        self.head_dim = head_dim
        shape = (num_blocks, num_kv_heads, block_size, head_dim)
        self.key_blocks = np.zeros(shape, dtype=dtype)
        self.value_blocks = np.zeros(shape, dtype=dtype)
        self.free_blocks: List[int] = list(range(num_blocks))
        self.block_tables: Dict[int, List[int]] = {}
        self.seq_lens: Dict[int, int] = {}

    def allocate_sequence(self, seq_id: int) -> None:
        self.block_tables[seq_id] = []
        self.seq_lens[seq_id] = 0

    def free_sequence(self, seq_id: int) -> None:
        self.free_blocks.extend(self.block_tables.pop(seq_id))
        del self.seq_lens[seq_id]

    def append(self, seq_id: int, key: np.ndarray, value: np.ndarray) -> None:
        """Append one token of one sequence, (kv_heads, head_dim) each."""
        pos = self.seq_lens[seq_id]
        if pos % self.block_size == 0:
            if not self.free_blocks:
                raise MemoryError("out of KV blocks")
            self.block_tables[seq_id].append(self.free_blocks.pop())
        block = self.block_tables[seq_id][-1]
        self.key_blocks[block, :, pos % self.block_size] = key
        self.value_blocks[block, :, pos % self.block_size] = value
        self.seq_lens[seq_id] = pos + 1

    def gather(self, seq_id: int) -> Tuple[np.ndarray, np.ndarray]:
        """Contiguous copies of a sequence's keys and values, (kv_heads, length, head_dim)."""
        n = self.seq_lens[seq_id]
        used = np.isin(np.arange(len(self.key_blocks)), self.block_tables[seq_id])
        keys = np.concatenate(list(self.key_blocks[used]), axis=1)[:, :n]
        values = np.concatenate(list(self.value_blocks[used]), axis=1)[:, :n]
        return keys, values


class QuantizedKVCache:
    """Signed 8-bit keys and values with one float scale per token and head."""

    def __init__(self, batch_size: int, num_kv_heads: int, head_dim: int, max_seq_len: int) -> None:
        shape = (batch_size, num_kv_heads, max_seq_len, head_dim)
        self.k_q = np.zeros(shape, dtype=np.int8)
        self.v_q = np.zeros(shape, dtype=np.int8)
        self.k_scale = np.ones(shape[:3] + (1,), dtype=np.float32)
        self.v_scale = np.ones(shape[:3] + (1,), dtype=np.float32)
        self.max_seq_len = max_seq_len
        self.seq_len = 0

    @staticmethod
    def quantize(x: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        scale = np.maximum(np.abs(x).max(axis=-1, keepdims=True), 1e-8) / 255.0
        return np.round(x / scale).astype(np.int32).astype(np.int8), scale

    def update(self, new_keys: np.ndarray, new_values: np.ndarray) -> None:
        """Append (batch, kv_heads, t, head_dim)."""
        end = self.seq_len + new_keys.shape[2]
        if end > self.max_seq_len:
            raise ValueError("KV cache overflow")
        at = slice(self.seq_len, end)
        self.k_q[:, :, at], self.k_scale[:, :, at] = self.quantize(new_keys)
        self.v_q[:, :, at], self.v_scale[:, :, at] = self.quantize(new_values)
        self.seq_len = end

    def get_dequantized(self) -> Tuple[np.ndarray, np.ndarray]:
        n = self.seq_len
        return (
            self.k_q[:, :, :n].astype(np.float32) * self.k_scale[:, :, :n],
            self.v_q[:, :, :n].astype(np.float32) * self.v_scale[:, :, :n],
        )

    def memory_bytes(self) -> int:
        return self.k_q.nbytes + self.v_q.nbytes + self.k_scale.nbytes + self.v_scale.nbytes
