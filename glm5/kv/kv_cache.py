"""
KV-cache for autoregressive transformer inference, in NumPy.

Memory layout
-------------
    keys   : (batch, heads, max_seq_len, head_dim)
    values : (batch, heads, max_seq_len, head_dim)

The sequence axis is the last but one, so that appending a token writes head_dim contiguous
numbers per head, and reading the filled part is a slice (a view: nothing is copied).
"""

from typing import List, Optional, Tuple

import numpy as np


class KVCache:
    """Keys and values of one layer for a whole batch, preallocated."""

    def __init__(
        self,
        batch_size: int,
        max_seq_len: int,
        num_heads: int,
        head_dim: int,
        dtype=np.float32,
    ):
        self.batch_size = batch_size
        self.max_seq_len = max_seq_len
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.dtype = dtype
        shape = (batch_size, num_heads, max_seq_len, head_dim)
        self.k_cache = np.zeros(shape, dtype=dtype)
        self.v_cache = np.zeros(shape, dtype=dtype)
        self.seq_len = 0

    def update(self, k_new: np.ndarray, v_new: np.ndarray) -> int:
        """Append (batch, heads, t, head_dim) and return the new length."""
        t = k_new.shape[2]
        end = self.seq_len + t
        if end > self.max_seq_len:
            raise ValueError(f"cache overflow: {end} > {self.max_seq_len}")
        self.k_cache[:, :, self.seq_len:end, :] = k_new
        self.v_cache[:, :, self.seq_len:end, :] = v_new
        self.seq_len = end
        return end

    def get_kv(self) -> Tuple[np.ndarray, np.ndarray]:
        """The filled part, as views."""
        return (
            self.k_cache[:, :, : self.seq_len, :],
            self.v_cache[:, :, : self.seq_len, :],
        )

    def get_full_kv(self) -> Tuple[np.ndarray, np.ndarray]:
        """The whole buffers, padding included."""
        return self.k_cache, self.v_cache

    def reset(self) -> None:
        self.seq_len = 0

    @property
    def memory_bytes(self) -> int:
        return self.k_cache.nbytes + self.v_cache.nbytes


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    x_max = np.max(x, axis=axis, keepdims=True)
    e = np.exp(x - x_max)
    return e / np.sum(e, axis=axis, keepdims=True)


def split_heads(x: np.ndarray, num_heads: int) -> np.ndarray:
    """(batch, t, d_model) -> (batch, heads, t, head_dim)"""
    b, t, d = x.shape
    return x.reshape(b, t, num_heads, d // num_heads).transpose(0, 2, 1, 3)


def multi_head_attention_with_cache(
    q_new: np.ndarray,
    cache: KVCache,
    w_q: np.ndarray,
    w_k: np.ndarray,
    w_v: np.ndarray,
    w_o: np.ndarray,
) -> np.ndarray:
    """
    Project the new tokens, append their keys and values, attend over everything cached.

    q_new: (batch, t_new, d_model) hidden states of the new tokens.
    Returns (batch, t_new, d_model).
    """
    b, t_new, d_model = q_new.shape
    h = cache.num_heads
    q = split_heads(q_new @ w_q, h)
    k = split_heads(q_new @ w_k, h)
    v = split_heads(q_new @ w_v, h)

    cache.update(k, v)
    k_all, v_all = cache.get_kv()

    # Every cached position is in the past of the newest token, so no mask is needed here.
    scale = 1.0 / np.sqrt(cache.head_dim)
    out = np.empty((b, t_new, d_model), dtype=q_new.dtype)
    for bi in range(b):
        for hi in range(h):
            scores = (q[bi, hi] @ k_all[bi, hi].T) * scale
            attn = softmax(scores)
            out[bi, :, hi * cache.head_dim:(hi + 1) * cache.head_dim] = attn @ v_all[bi, hi]
    return out @ w_o


def multi_head_attention_batched(
    q_new: np.ndarray,
    cache: KVCache,
    w_q: np.ndarray,
    w_k: np.ndarray,
    w_v: np.ndarray,
    w_o: np.ndarray,
) -> np.ndarray:
    """The same as multi_head_attention_with_cache without loops over batch and heads."""
    b, t_new, d_model = q_new.shape
    h = cache.num_heads
    cache.update(split_heads(q_new @ w_k, h), split_heads(q_new @ w_v, h))
    k_all, v_all = cache.get_kv()
    q = split_heads(q_new @ w_q, h)
    scores = np.einsum("bhqd,bhkd->bhqk", q, k_all) / np.sqrt(cache.head_dim)
    out = np.einsum("bhqk,bhkd->bhqd", softmax(scores), v_all)
    return out.transpose(0, 2, 1, 3).reshape(b, t_new, d_model) @ w_o


def layer_norm(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    mu = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return (x - mu) / np.sqrt(var + eps)


class IncrementalDecoder:
    """A small transformer decoder that keeps one KVCache per layer."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        num_layers: int,
        max_seq_len: int,
        vocab_size: int,
        dtype=np.float32,
    ):
        self.d_model = d_model
        self.num_heads = num_heads
        self.num_layers = num_layers
        self.max_seq_len = max_seq_len
        self.vocab_size = vocab_size
        self.dtype = dtype
        self.head_dim = d_model // num_heads

        rng = np.random.default_rng(0)
        s = 1.0 / np.sqrt(d_model)
        self.embedding = (rng.standard_normal((vocab_size, d_model)) * s).astype(dtype)
        self.layers: List[dict] = []
        for _ in range(num_layers):
            self.layers.append({
                "w_q": (rng.standard_normal((d_model, d_model)) * s).astype(dtype),
                "w_k": (rng.standard_normal((d_model, d_model)) * s).astype(dtype),
                "w_v": (rng.standard_normal((d_model, d_model)) * s).astype(dtype),
                "w_o": (rng.standard_normal((d_model, d_model)) * s).astype(dtype),
                "w1": (rng.standard_normal((d_model, 4 * d_model)) * s).astype(dtype),
                "w2": (rng.standard_normal((4 * d_model, d_model)) * s).astype(dtype),
            })
        self.caches: Optional[List[KVCache]] = None

    def num_parameters(self) -> int:
        per_layer = sum(w.size for w in self.layers[0].values())
        return self.embedding.size + self.num_layers * per_layer

    def init_cache(self, batch_size: int) -> None:
        self.caches = [
            KVCache(batch_size, self.max_seq_len, self.num_heads, self.head_dim, self.dtype)
            for _ in range(self.num_layers)
        ]

    def forward_step(self, token_ids: np.ndarray) -> np.ndarray:
        """
        token_ids: (batch, t_new), the whole prompt first and then one token at a time.
        Returns logits of the last position, (batch, vocab_size).
        """
        start = self.caches[0].current_len
        x = self.embedding[token_ids] + self._positions(start, token_ids.shape[1])
        for layer, cache in zip(self.layers, self.caches):
            x = x + multi_head_attention_batched(
                layer_norm(x), cache, layer["w_q"], layer["w_k"], layer["w_v"], layer["w_o"]
            )
            x = x + np.maximum(layer_norm(x) @ layer["w1"], 0.0) @ layer["w2"]
        return layer_norm(x[:, -1]) @ self.embedding.T

    def _positions(self, start: int, length: int) -> np.ndarray:
        pos = np.arange(start, start + length)[:, None]
        dim = np.arange(0, self.d_model, 2)[None, :]
        angle = pos / np.power(10000.0, dim / self.d_model)
        enc = np.zeros((length, self.d_model), dtype=self.dtype)
        enc[:, 0::2] = np.sin(angle)
        enc[:, 1::2] = np.cos(angle)
        return enc
