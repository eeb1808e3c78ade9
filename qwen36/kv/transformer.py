"""A decoder-only transformer with one KV-cache per layer: prefill, then one token at a time."""

from typing import List

import numpy as np

from attention import cached_attention, prompt_attention
from config import ModelConfig
from kv_cache import KVCache


def rms_norm(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


class TransformerDecoder:
    """Token and learned position embeddings, attention and MLP blocks, tied output."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        rng = np.random.default_rng(42)
        c, d = config, config.d_model
        kv_dim = c.num_kv_heads * c.head_dim

        def matrix(n: int, m: int) -> np.ndarray:
            return (rng.standard_normal((n, m)) / np.sqrt(n)).astype(np.float32)

        self.embedding = matrix(c.vocab_size, d) * np.sqrt(c.vocab_size) * 0.5
        self.position_embedding = matrix(c.max_seq_len, d) * np.sqrt(c.max_seq_len) * 0.5
        self.blocks = [
            {
                "wq": matrix(d, d),
                "wk": matrix(d, kv_dim),
                "wv": matrix(d, kv_dim),
                "wo": matrix(d, d),
                "up": matrix(d, 4 * d),
                "down": matrix(4 * d, d),
            }
            for _ in range(c.num_layers)
        ]
        self.caches: List[KVCache] = []
        self.reset(config.batch_size)

    def reset(self, batch_size: int) -> None:
        """Fresh caches for a batch."""
        c = self.config
        self.caches = [
            KVCache(batch_size, c.num_kv_heads, c.head_dim, c.max_seq_len, np.float32)
            for _ in range(c.num_layers)
        ]

    def _heads(self, x: np.ndarray, n: int) -> np.ndarray:
        return x.reshape(x.shape[0], x.shape[1], n, -1).transpose(0, 2, 1, 3)

    def _forward(self, token_ids: np.ndarray, positions: np.ndarray, prompt: bool) -> np.ndarray:
        c = self.config
        x = self.embedding[token_ids] + self.position_embedding[positions]
        for block, cache in zip(self.blocks, self.caches):
            h = rms_norm(x)
            q = self._heads(h @ block["wq"], c.num_heads)
            k = self._heads(h @ block["wk"], c.num_kv_heads)
            v = self._heads(h @ block["wv"], c.num_kv_heads)
            cache.update(k, v)
            out = prompt_attention(q, k, v) if prompt else cached_attention(q, cache)
            x = x + out.transpose(0, 2, 1, 3).reshape(x.shape) @ block["wo"]
            x = x + gelu(rms_norm(x) @ block["up"]) @ block["down"]
        return rms_norm(x) @ self.embedding.T

    def prefill(self, token_ids: np.ndarray) -> np.ndarray:
        """The whole prompt (batch, t) -> logits of its last position, (batch, vocab)."""
        positions = np.arange(token_ids.shape[1])
        return self._forward(token_ids, positions, prompt=True)[:, -1]

    def decode_step(self, token_ids: np.ndarray) -> np.ndarray:
        """One new token per sequence (batch, 1) -> logits (batch, vocab)."""
        last = max(int(self.caches[0].lengths[0]) - 1, 0)
        return self._forward(token_ids, np.array([last]), prompt=False)[:, -1]
