"""
KV-Cache System for Autoregressive Transformer Inference
========================================================

This module implements a complete KV-cache system from scratch with NumPy only.

Contents
--------
1. Configuration      MemoryFormat, CacheConfig
2. Storage            KVCacheBlock, PagedKVCache, FlatKVCache
3. Attention          CachedMultiHeadAttention
4. Model              FeedForward, CachedTransformer
5. Generation         IncrementalGenerator
6. Analysis           MemoryAnalyzer, OptimizationAnalyzer
7. Tests              run_all_tests

Data layout
-----------
The flat cache stores keys and values as two arrays of shape

    (num_layers, max_batch_size, num_heads, max_seq_len, head_dim)

so that the tokens of one head are contiguous in memory. The paged cache stores blocks of
``block_size`` tokens and a block table per sequence.

Update rule
-----------
At step t, for each layer:

    k_t = x_t W_k,   v_t = x_t W_v          (only the new token)
    K[t] = k_t,      V[t] = v_t             (append)
    y_t  = softmax(q_t K^T / sqrt(d)) V     (attend over everything cached)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Dict, List, Optional, Tuple

import numpy as np

# =============================================================================================
# 1. Configuration
# =============================================================================================


class MemoryFormat(Enum):
    """How keys and values are laid out in memory."""

    BHSD = "batch_head_seq_dim"
    BSHD = "batch_seq_head_dim"
    PAGED = "paged"


@dataclass
class CacheConfig:
    """
    Configuration of a cache.

    Attributes:
        max_batch_size: sequences served at once
        max_seq_len: tokens per sequence
        num_heads: attention heads
        head_dim: width of a head
        num_layers: transformer layers
        dtype_bytes: 2, 4 or 8 bytes per element
        memory_format: layout of the arrays
        block_size: tokens per block of the paged cache
        pre_allocate: whether all memory is reserved at once
    """

    max_batch_size: int = 1
    max_seq_len: int = 2048
    num_heads: int = 8
    head_dim: int = 64
    num_layers: int = 1
    dtype_bytes: int = 4
    memory_format: MemoryFormat = MemoryFormat.BHSD
    block_size: int = 16
    pre_allocate: bool = True

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of this many bytes."""
        return np.dtype({2: np.float16, 4: np.float32, 8: np.float64}[self.dtype_bytes])

    @property
    def d_model(self) -> int:
        """Width of the model."""
        return self.num_heads * self.head_dim

    def bytes_per_token(self) -> int:
        """Bytes of keys and values of one token over all layers."""
        return 2 * self.num_layers * self.num_heads * self.head_dim * self.dtype_bytes

    def max_memory_bytes(self) -> int:
        """Bytes of a full cache."""
        return self.max_batch_size * self.max_seq_len * self.bytes_per_token()


# =============================================================================================
# 2. Storage
# =============================================================================================


class KVCacheBlock:
    """A block of ``block_size`` tokens of one layer of one sequence."""

    def __init__(self, block_id: int, config: CacheConfig) -> None:
        self.block_id = block_id
        shape = (config.num_heads, config.block_size, config.head_dim)
        self.k = np.zeros(shape, dtype=config.dtype)
        self.v = np.zeros(shape, dtype=config.dtype)
        self.num_tokens = 0

    def put(self, offset: int, k_token: np.ndarray, v_token: np.ndarray) -> None:
        """Store one token, (num_heads, head_dim) each."""
        self.k[:, offset] = k_token
        self.v[:, offset] = v_token
        self.num_tokens = max(self.num_tokens, offset + 1)


class PagedKVCache:
    """
    Paged cache: memory is handed out in blocks, so that short sequences do not reserve
    ``max_seq_len`` tokens. A block table maps the n-th block of a sequence to its storage.
    """

    def __init__(self, config: CacheConfig) -> None:
        self.config = config
        self.block_tables: Dict[Tuple[int, int], List[KVCacheBlock]] = {}
        self.lengths: Dict[Tuple[int, int], int] = {}
        self.next_block_id = 0

    def _allocate(self, key: Tuple[int, int]) -> None:
        block = KVCacheBlock(self.next_block_id, self.config)
        self.next_block_id += 1
        self.block_tables.setdefault(key, []).append(block)

    def update(self, layer_idx: int, batch_idx: int, k_new: np.ndarray, v_new: np.ndarray) -> int:
        """Append one token (num_heads, head_dim) and return the sequence's length."""
        key = (layer_idx, batch_idx)
        if key not in self.block_tables:
            self._allocate(key)
            self.lengths[key] = 0
        position = self.lengths[key]
        block = self.block_tables[key][position // self.config.block_size]
        block.put(position % self.config.block_size, k_new, v_new)
        self.lengths[key] = position + 1
        return self.lengths[key]

    def get_full_kv(self, layer_idx: int, batch_idx: int) -> Tuple[np.ndarray, np.ndarray]:
        """Keys and values of one sequence, (num_heads, length, head_dim) each."""
        key = (layer_idx, batch_idx)
        blocks, n = self.block_tables[key], self.lengths[key]
        k = np.concatenate([block.k for block in blocks], axis=1)[:, :n]
        v = np.concatenate([block.v for block in blocks], axis=1)[:, :n]
        return k, v

    def memory_bytes(self) -> int:
        """Bytes of all allocated blocks."""
        blocks = sum(len(table) for table in self.block_tables.values())
        per_block = 2 * self.config.num_heads * self.config.block_size * self.config.head_dim
        return blocks * per_block * self.config.dtype_bytes


class FlatKVCache:
    """
    Flat cache: all memory is reserved at once.

    The length of each sequence is kept per layer, so that layers may be updated one after the
    other within a step.
    """

    def __init__(self, config: CacheConfig) -> None:
        self.config = config
        shape = (
            config.num_layers,
            config.max_batch_size,
            config.num_heads,
            config.max_seq_len,
            config.head_dim,
        )
        self.k_cache = np.zeros(shape, dtype=config.dtype)
        self.v_cache = np.zeros(shape, dtype=config.dtype)
        self.seq_lens = np.zeros((config.num_layers, config.max_batch_size), dtype=np.int64)

    def update(
        self,
        layer_idx: int,
        k_new: np.ndarray,
        v_new: np.ndarray,
        new_lengths: Optional[np.ndarray] = None,
    ) -> None:
        """
        Append new tokens of a whole batch.

        Args:
            layer_idx: layer to update
            k_new, v_new: (batch, num_heads, new_tokens, head_dim)
            new_lengths: real tokens per sequence where the batch is padded
        """
        batch, _, tokens, _ = k_new.shape
        start = int(self.seq_lens[layer_idx].max())
        if start + tokens > self.config.max_seq_len:
            raise ValueError(
                f"KV cache overflow: {start} + {tokens} > {self.config.max_seq_len}"
            )
        self.k_cache[layer_idx, :batch, :, start:start + tokens] = k_new
        self.v_cache[layer_idx, :batch, :, start:start + tokens] = v_new
        counts = tokens if new_lengths is None else np.asarray(new_lengths)
        self.seq_lens[layer_idx, :batch] += counts

    def get_kv_slice(
        self, layer_idx: int, start: int = 0, end: Optional[int] = None
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Keys and values of tokens start ... end - 1, (batch, num_heads, n, head_dim)."""
        stop = int(self.seq_lens[layer_idx].max()) if end is None else end
        return (
            self.k_cache[layer_idx, :, :, start:stop],
            self.v_cache[layer_idx, :, :, start:stop],
        )

    def get_full_kv(self, layer_idx: int) -> Tuple[np.ndarray, np.ndarray]:
        """Everything cached in a layer."""
        return self.get_kv_slice(layer_idx)

    def get_seq_len(self, layer_idx: int = 0, batch_idx: int = 0) -> int:
        """Number of cached tokens of one sequence."""
        return int(self.seq_lens[layer_idx, batch_idx])

    def memory_bytes(self) -> int:
        """Bytes reserved for keys and values."""
        return self.k_cache.nbytes + self.v_cache.nbytes

    def clear(self) -> None:
        """Forget everything; the memory stays reserved."""
        self.seq_lens[:] = 0


# =============================================================================================
# 3. Attention
# =============================================================================================


def stable_softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax along the last axis, with the maximum subtracted for numerical stability."""
    shifted = scores - np.max(scores, axis=-1, keepdims=True)
    exp = np.exp(shifted)
    return exp / np.sum(exp, axis=-1, keepdims=True)


class CachedMultiHeadAttention:
    """
    Multi-head attention with a KV cache.

    The new tokens are projected, their keys and values appended to the cache, and their queries
    attend to everything cached so far.
    """

    def __init__(self, d_model: int, num_heads: int, seed: int = 0) -> None:
        self.d_model = d_model
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        rng = np.random.default_rng(seed)
        scale = 1.0 / np.sqrt(d_model)
        self.W_q = rng.standard_normal((d_model, d_model)) * scale
        self.W_k = rng.standard_normal((d_model, d_model)) * scale
        self.W_v = rng.standard_normal((d_model, d_model)) * scale
        self.W_o = rng.standard_normal((d_model, d_model)) * scale

    def _split(self, x: np.ndarray) -> np.ndarray:
        batch, tokens, _ = x.shape
        return x.reshape(batch, tokens, self.num_heads, self.head_dim).transpose(0, 2, 1, 3)

    def _mask_value(self, query_tokens: int) -> float:
        """A single token needs no mask; several must not see the future."""
        return -1e9 if query_tokens > 1 else 0.0

    def attend(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Attention of the new queries over keys and values, heads merged again."""
        scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(self.head_dim)
        scores = scores + self._mask_value(q.shape[2])
        out = np.einsum("bhqk,bhkd->bhqd", stable_softmax(scores), v)
        return out.transpose(0, 2, 1, 3).reshape(q.shape[0], q.shape[2], self.d_model)

    def forward(
        self, x: np.ndarray, cache: FlatKVCache, layer_idx: int = 0, start: int = 0
    ) -> np.ndarray:
        """
        Args:
            x: (batch, new_tokens, d_model)
            cache: the cache to append to and attend over
            layer_idx: layer of the cache
            start: first cached token to attend to

        Returns:
            (batch, new_tokens, d_model)
        """
        q = self._split(x @ self.W_q)
        cache.update(layer_idx, self._split(x @ self.W_k), self._split(x @ self.W_v))
        k, v = cache.get_kv_slice(layer_idx, start)
        return self.attend(q, k, v) @ self.W_o


# =============================================================================================
# 4. Model
# =============================================================================================


class FeedForward:
    """Two matrices with a ReLU in between."""

    def __init__(self, d_model: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.up = rng.standard_normal((d_model, 4 * d_model)) / np.sqrt(d_model)
        self.down = rng.standard_normal((4 * d_model, d_model)) / np.sqrt(4 * d_model)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Apply the block to (..., d_model)."""
        return np.maximum(x @ self.up, 0.0) @ self.down


def normalize(x: np.ndarray) -> np.ndarray:
    """Layer normalization without parameters."""
    mean = x.mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)


class CachedTransformer:
    """A decoder-only transformer that keeps a flat cache for all of its layers."""

    def __init__(self, vocab_size: int, config: CacheConfig, seed: int = 0) -> None:
        self.vocab_size = vocab_size
        self.config = config
        rng = np.random.default_rng(seed)
        self.embedding = rng.standard_normal((vocab_size, config.d_model))
        self.positions = rng.standard_normal((config.max_seq_len, config.d_model))
        self.head = rng.standard_normal((config.d_model, vocab_size)) / np.sqrt(config.d_model)
        layers = range(config.num_layers)
        self.attention = [
            CachedMultiHeadAttention(config.d_model, config.num_heads, seed + 10 + i) for i in layers
        ]
        self.feed_forward = [FeedForward(config.d_model, seed + 100 + i) for i in layers]
        self.cache = FlatKVCache(config)
        self.processed = 0

    def forward(self, token_ids: np.ndarray) -> np.ndarray:
        """
        Process new tokens (batch, new_tokens) after those already cached.

        Returns logits of every new token, (batch, new_tokens, vocab_size).
        """
        token_ids = np.asarray(token_ids)
        start, tokens = self.processed, token_ids.shape[1]
        x = self.embedding[token_ids] + self.positions[start:start + tokens]
        for i, (attention, feed_forward) in enumerate(zip(self.attention, self.feed_forward)):
            x = x + attention.forward(normalize(x), self.cache, layer_idx=i, start=start)
            x = x + feed_forward.forward(normalize(x))
        self.processed = start + tokens
        return normalize(x) @ self.head

    def clear(self) -> None:
        """Start a new sequence."""
        self.cache.clear()
        self.processed = 0


# =============================================================================================
# 5. Generation
# =============================================================================================


class IncrementalGenerator:
    """Generates tokens one by one: prefill the prompt, then one forward pass per token."""

    def __init__(self, model: CachedTransformer) -> None:
        self.model = model

    def generate(
        self, prompt: List[int], max_new_tokens: int, temperature: float = 1.0
    ) -> List[int]:
        """
        Args:
            prompt: token ids
            max_new_tokens: how many tokens to add
            temperature: 0 for greedy decoding

        Returns:
            the new token ids
        """
        self.model.clear()
        logits = self.model.forward(np.array([prompt]))[0, -1]
        tokens: List[int] = []
        for _ in range(max_new_tokens):
            tokens.append(self._pick(logits, temperature))
            logits = self.model.forward(np.array([[tokens[-1]]]))[0, -1]
        return tokens

    @staticmethod
    def _pick(logits: np.ndarray, temperature: float) -> int:
        if temperature <= 0:
            return int(np.argmax(logits))
        return int(np.random.choice(len(logits), p=stable_softmax(logits / temperature)))


# =============================================================================================
# 6. Analysis
# =============================================================================================


class MemoryAnalyzer:
    """How much memory a cache takes, and how it grows."""

    def __init__(self, config: CacheConfig) -> None:
        self.config = config

    def growth(self, lengths: List[int]) -> Dict[int, float]:
        """Length -> megabytes for one sequence."""
        return {n: n * self.config.bytes_per_token() / 1e6 for n in lengths}

    def utilization(self, lengths: List[int]) -> float:
        """Part of a flat cache that these sequences use."""
        reserved = self.config.max_batch_size * self.config.max_seq_len
        return sum(lengths) / reserved

    def report(self) -> str:
        """A table for people."""
        rows = ["length     MB"]
        rows += [f"{n:6d} {mb:8.2f}" for n, mb in self.growth([128, 512, 2048]).items()]
        return "\n".join(rows)


class OptimizationAnalyzer:
    """What paging and quantization would save."""

    def __init__(self, config: CacheConfig) -> None:
        self.config = config

    def paged_savings(self, lengths: List[int]) -> float:
        """Part of the flat cache's memory that paging would not allocate."""
        block = self.config.block_size
        paged = sum(-(-n // block) * block for n in lengths)
        return 1.0 - paged / (len(lengths) * self.config.max_seq_len)

    def quantized_bytes(self, bits: int) -> float:
        """Bytes of a full cache at this many bits per element."""
        return self.config.max_memory_bytes() * bits / (8 * self.config.dtype_bytes)


# =============================================================================================
# 7. Tests
# =============================================================================================


def test_flat_cache_round_trip() -> None:
    """What is written is read back."""
    cache = FlatKVCache(CacheConfig(2, 8, 2, 4, num_layers=2))
    k = np.random.default_rng(0).standard_normal((2, 2, 3, 4)).astype(np.float32)
    cache.update(1, k, 2 * k)
    got_k, got_v = cache.get_full_kv(1)
    assert np.array_equal(got_k, k) and np.array_equal(got_v, 2 * k)
    assert cache.get_seq_len(1) == 3 and cache.get_seq_len(0) == 0


def test_padded_batch_lengths() -> None:
    """Lengths of a padded batch are recorded."""
    cache = FlatKVCache(CacheConfig(2, 8, 2, 4))
    cache.update(0, np.ones((2, 2, 3, 4)), np.ones((2, 2, 3, 4)), np.array([3, 1]))
    assert cache.get_seq_len(0, 0) == 3 and cache.get_seq_len(0, 1) == 1


def test_paged_cache() -> None:
    """A paged cache returns what was appended."""
    cache = PagedKVCache(CacheConfig(1, 64, 2, 4))
    for i in range(10):
        cache.update(0, 0, np.full((2, 4), i), np.full((2, 4), -i))
    k, v = cache.get_full_kv(0, 0)
    assert k.shape == (2, 10, 4) and (k[0, :, 0] == np.arange(10)).all() and (v == -k).all()
    assert cache.memory_bytes() == 2 * 2 * 16 * 4 * 4


def test_incremental_attention() -> None:
    """Step by step, cached attention equals attention recomputed for the newest token."""
    rng = np.random.default_rng(1)
    attention = CachedMultiHeadAttention(8, 2)
    cache = FlatKVCache(CacheConfig(1, 16, 2, 4, dtype_bytes=8))
    x = rng.standard_normal((1, 6, 8))
    for t in range(6):
        got = attention.forward(x[:, t:t + 1], cache)
        fresh = FlatKVCache(CacheConfig(1, 16, 2, 4, dtype_bytes=8))
        fresh.update(0, attention._split(x[:, :t] @ attention.W_k), attention._split(x[:, :t] @ attention.W_v))
        assert np.allclose(got, attention.forward(x[:, t:t + 1], fresh))


def test_generation_runs() -> None:
    """The generator returns as many tokens as asked for, and the cache grows with them."""
    model = CachedTransformer(20, CacheConfig(1, 32, 2, 4, num_layers=2, dtype_bytes=8))
    tokens = IncrementalGenerator(model).generate([1, 2, 3], 5, temperature=0.0)
    assert len(tokens) == 5 and all(0 <= t < 20 for t in tokens)
    assert model.cache.get_seq_len() == 8


def test_analysis() -> None:
    """The arithmetic of the analyzers."""
    config = CacheConfig(4, 128, 2, 4)
    assert FlatKVCache(config).memory_bytes() == config.max_memory_bytes()
    assert MemoryAnalyzer(config).utilization([64, 64]) == 0.25
    assert OptimizationAnalyzer(config).paged_savings([16, 16]) == 0.875
    assert "length" in MemoryAnalyzer(config).report()


def run_all_tests() -> None:
    """Run every test of this file and print what passed."""
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"[PASS] {name}")


if __name__ == "__main__":
    run_all_tests()
    print(MemoryAnalyzer(CacheConfig()).report())
