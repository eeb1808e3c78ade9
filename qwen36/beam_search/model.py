"""A small decoder-only transformer in NumPy, to decode from."""

import numpy as np


class ModelConfig:
    def __init__(self, vocab_size=120, dim=32, n_heads=4, n_layers=2, ffn_dim=64, seed=11):
        self.vocab_size = vocab_size
        self.dim = dim
        self.n_heads = n_heads
        self.n_layers = n_layers
        self.ffn_dim = ffn_dim
        self.seed = seed


def rms_norm(x, eps=1e-6):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)


def silu(x):
    return x / (1.0 + np.exp(-x))


class Block:
    def __init__(self, cfg, rng):
        s = cfg.dim ** -0.5
        self.n_heads = cfg.n_heads
        self.head_dim = cfg.dim // cfg.n_heads
        self.wq, self.wk, self.wv, self.wo = (rng.normal(0, s, (cfg.dim, cfg.dim)) for _ in range(4))
        self.w_gate = rng.normal(0, s, (cfg.dim, cfg.ffn_dim))
        self.w_up = rng.normal(0, s, (cfg.dim, cfg.ffn_dim))
        self.w_down = rng.normal(0, cfg.ffn_dim ** -0.5, (cfg.ffn_dim, cfg.dim))

    def attention(self, x):
        n, t, d = x.shape
        q, k, v = (
            (x @ w).reshape(n, t, self.n_heads, self.head_dim).transpose(0, 2, 1, 3)
            for w in (self.wq, self.wk, self.wv)
        )
        scores = np.einsum("nhid,nhjd->nhij", q, k) / np.sqrt(self.head_dim)
        scores = np.where(np.tril(np.ones((t, t), dtype=bool)), scores, -1e30)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        p = scores / scores.sum(axis=-1, keepdims=True)
        return np.einsum("nhij,nhjd->nhid", p, v).transpose(0, 2, 1, 3).reshape(n, t, d) @ self.wo

    def __call__(self, x):
        x = x + self.attention(rms_norm(x))
        h = rms_norm(x)
        return x + (silu(h @ self.w_gate) * (h @ self.w_up)) @ self.w_down


class TransformerLM:
    """forward(tokens (n, T)) -> logits of the next token (n, V)."""

    def __init__(self, config=None):
        self.config = config or ModelConfig()
        rng = np.random.default_rng(self.config.seed)
        self.vocab_size = self.config.vocab_size
        self.embedding = rng.normal(0, 1, (self.vocab_size, self.config.dim))
        self.blocks = [Block(self.config, rng) for _ in range(self.config.n_layers)]
        self.head = rng.normal(0, 1.5 * self.config.dim ** -0.5, (self.config.dim, self.vocab_size))

    def forward(self, tokens):
        tokens = np.asarray(tokens, dtype=np.int64)
        if tokens.ndim != 2:
            raise ValueError(f"expected tokens of shape (n, T), got {tokens.shape}")
        t = tokens.shape[1]
        position = np.cos(np.arange(t)[:, None] * 0.7 ** np.arange(self.config.dim)[None, :])
        x = self.embedding[tokens] + 0.5 * position
        for block in self.blocks:
            x = block(x)
        return rms_norm(x[:, -1]) @ self.head
